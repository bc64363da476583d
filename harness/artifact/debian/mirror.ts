import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Suite } from './suite.ts';

export interface Mirror {
  readonly main: string;
  readonly security: string;
  /** Holds what has left support: nobody signs its release files anew, so their age says nothing. */
  readonly archive: boolean;
}

export interface MirrorOptions {
  /** `$PROOFGRID_DEBIAN_MIRROR`; Debian's own unless the user names another. */
  readonly main?: string;
  /** `$PROOFGRID_DEBIAN_SECURITY_MIRROR` */
  readonly security?: string;
  /** Instead of `main` and the archive, for one suite, in the order they are tried: `$PROOFGRID_DEBIAN_MIRROR_BULLSEYE`, … */
  readonly suites?: { readonly [suite in Suite]?: readonly string[] };
}

/** Suites whose packages move to the archive, file by file: https://www.debian.org/releases/ */
const LEFT_SUPPORT: ReadonlySet<Suite> = new Set(['bullseye']);
const ARCHIVE: Mirror = { main: 'http://archive.debian.org/debian', security: 'http://archive.debian.org/debian-security', archive: true };

const variable = (suite: Suite) => `PROOFGRID_DEBIAN_MIRROR_${suite.toUpperCase()}`;

/** The mirrors of a suite, in the order they are tried. */
export function mirrorsOf(suite: Suite, { main, security, suites = {} }: MirrorOptions = {}, env: NodeJS.ProcessEnv = process.env): readonly [Mirror, ...Mirror[]] {
  const updates = security ?? (env['PROOFGRID_DEBIAN_SECURITY_MIRROR'] || 'http://deb.debian.org/debian-security');
  const mirror = (url: string): Mirror => ({ main: url, security: updates, archive: false });
  const [first, ...others] = suites[suite] ?? (env[variable(suite)] ?? '').split(/\s+/).filter(Boolean);
  if (first !== undefined) return [mirror(first), ...others.map(mirror)];
  const usual = mirror(main ?? (env['PROOFGRID_DEBIAN_MIRROR'] || 'http://deb.debian.org/debian'));
  return LEFT_SUPPORT.has(suite) ? [usual, ARCHIVE] : [usual];
}

/**
 * What the first mirror gives that does not fail; `what` names the things wanted.
 * @throws ProofgridError `ARTIFACT_MIRRORS_FAILED`, with what each of them said
 */
export async function throughMirrors<T>(suite: Suite, mirrors: readonly Mirror[], what: string, attempt: (mirror: Mirror) => Promise<T>): Promise<T> {
  const refusals: string[] = [];
  const causes: unknown[] = [];
  for (const mirror of mirrors) {
    try {
      return await attempt(mirror);
    } catch (error) {
      if (!(error instanceof ProofgridError) || error.code !== 'ARTIFACT_COMMAND_FAILED') throw error;
      refusals.push(`${mirror.main}: ${complaintOf(error.what)}`);
      causes.push(error);
    }
  }
  throw new ProofgridError({
    code: 'ARTIFACT_MIRRORS_FAILED',
    fault: 'infrastructure',
    what: `no mirror gives ${what} of Debian ${suite} (${refusals.join('; ')})`,
    remedy: `name one that does in ${variable(suite)}; several, with spaces between them, are tried in turn`,
    cause: new AggregateError(causes),
  });
}

/** What apt says about files, without its summing up; all of its words where it says nothing of the kind. */
function complaintOf(output: string): string {
  const failures = output.split(' | ').flatMap((line) => /^E: (Failed to fetch \S+:\S+ .*|Unable to locate .*|The repository .*)/.exec(line)?.[1] ?? []);
  return failures.length === 0 ? output : failures.map((failure) => failure.replace(/^Failed to fetch /, '').replace(/ +/g, ' ').trim()).join(', ');
}
