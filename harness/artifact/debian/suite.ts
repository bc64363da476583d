import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Mirror } from './mirror.ts';

/** Debian's releases by code name: https://www.debian.org/releases/ */
const RELEASES = { bullseye: 11, bookworm: 12, trixie: 13 } as const;
export type Suite = keyof typeof RELEASES;

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export const releaseNumber = (suite: Suite): number => RELEASES[suite];

export function parseSuite(name: string): Suite {
  if (Object.hasOwn(RELEASES, name)) return name as Suite;
  throw new ProofgridError({
    code: 'ARTIFACT_UNKNOWN_SUITE',
    fault: 'usage',
    what: `${name} is not a Debian suite that artifacts can come from`,
    remedy: `use one of ${Object.keys(RELEASES).join(', ')}`,
  });
}

/** The suite of a machine image: `debian-12` is bookworm. */
export function suiteOfSystem(os: string): Suite {
  const found = (Object.keys(RELEASES) as Suite[]).find((suite) => os === `debian-${RELEASES[suite]}` && suite !== 'bullseye');
  if (found) return found;
  throw new ProofgridError({
    code: 'ARTIFACT_UNKNOWN_OS',
    fault: 'usage',
    what: `no machine image can be built for ${os}`,
    remedy: 'use debian-12 or debian-13',
  });
}

/** Lines of an apt sources list whose packages must be signed with Debian's archive keys. */
export function sourceLines(suite: Suite, { main, security }: Pick<Mirror, 'main' | 'security'>, types: readonly ('deb' | 'deb-src')[] = ['deb']): string[] {
  return types.flatMap((type) => [
    `${type} [signed-by=${KEYRING}] ${main} ${suite} main`,
    // Source packages are asked for by exact version; the index of the security suite would only cost time.
    ...(type === 'deb' ? [`${type} [signed-by=${KEYRING}] ${security} ${suite}-security main`] : []),
  ]);
}
