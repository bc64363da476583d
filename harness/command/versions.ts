import { Command, Option } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import { downloadText } from '../artifact/download.ts';
import { moduleProxies } from '../artifact/go-module/proxy.ts';
import { loadMatrix } from '../matrix/load.ts';
import { newerDownloads, newerModules, type NewerRelease } from '../matrix/versions/newer.ts';
import { checkLines, overviewTable } from '../matrix/versions/overview-table.ts';
import { overviewOf, type ListedRelease, type VersionsOverview } from '../matrix/versions/overview.ts';
import { RELEASE_SOURCES, type ReleaseSource } from '../matrix/versions/schema.ts';
import type { VersionTable } from '../matrix/versions/table.ts';

interface VersionsOptions {
  readonly check: boolean;
  readonly format: 'table' | 'json';
  readonly source?: ReleaseSource;
  readonly matrix?: string;
}

/** A source that has not answered by then is not worth waiting for. */
const ANSWER_LIMIT_MS = 20_000;
const OUT_OF_DATE = 1;

const EXAMPLES = `
Examples:
  proofgrid versions                            which versions there are, until when, and what they need
  proofgrid versions --check                    what is out of support today, and which patches the source has newer
  proofgrid versions --check --source upstream  the same, asking the download site
  proofgrid versions --format json              everything, each fact with who says so

Exit codes: 0 all is well · 1 something is out of date · 2 bad input · 3 the source cannot be asked`;

/** @param now what the states of support are of */
export function versionsCommand(now: () => Date = () => new Date()): Command {
  const command = new Command('versions')
    .description('prints the versions that there are, and with --check what is out of date')
    .option('--check', 'say what is out of support today and what the source has newer', false)
    .addOption(new Option('--format <FORMAT>', 'how to print it').choices(['table', 'json']).default('table'))
    .addOption(new Option('--source <SOURCE>', "ask this source (default: the versions file's)").choices(RELEASE_SOURCES))
    .option('--matrix <FILE>', 'another matrix file than the shipped one: its versions file is read')
    .addHelpText('after', EXAMPLES);
  return command.action(async ({ check, format, source, matrix }: VersionsOptions) => {
    const table = (await loadMatrix(matrix, source)).document.versions;
    const overview = overviewOf(table, now());
    const write = command.configureOutput().writeOut ?? (() => undefined);
    const found = check && format === 'json' ? await lookUp(table, overview) : undefined;
    write(format === 'table' ? overviewTable(overview) : `${JSON.stringify({ ...overview, ...(found !== undefined && { check: found }) }, null, 2)}\n`);
    if (!check) return;
    // a person sees the table although the source may take its time, or never answer
    const { outOfSupport, newer } = found ?? (await lookUp(table, overview));
    const lines = checkLines(outOfSupport, newer);
    if (format === 'table') write(`\n${lines.length === 0 ? 'all is well' : lines.join('\n')}\n`);
    process.exitCode = lines.length === 0 ? 0 : OUT_OF_DATE;
  });
}

interface Found {
  readonly outOfSupport: readonly ListedRelease[];
  readonly newer: readonly NewerRelease[];
}

async function lookUp(table: VersionTable, { kubernetes }: VersionsOverview): Promise<Found> {
  return {
    outOfSupport: kubernetes.filter(({ state, kept }) => state === 'out of support' && kept === undefined),
    newer: await (table.source === 'upstream' ? newerDownloads(table, ask) : newerModules(table, moduleProxy(), ask)),
  };
}

function moduleProxy(): string {
  const [proxy] = moduleProxies();
  if (proxy !== undefined) return proxy;
  throw unreachable(`GOPROXY (${process.env['GOPROXY'] ?? ''}) names no module proxy`);
}

async function ask(url: string): Promise<string> {
  return downloadText(url, AbortSignal.timeout(ANSWER_LIMIT_MS)).catch((cause: unknown) => {
    throw unreachable(cause instanceof ProofgridError ? cause.what : `${url} does not answer within ${ANSWER_LIMIT_MS / 1000} s`, cause);
  });
}

function unreachable(what: string, cause?: unknown): ProofgridError {
  return new ProofgridError({ code: 'VERSIONS_SOURCE_UNREACHABLE', fault: 'infrastructure', what, remedy: 'check the network, or ask the other source with --source', cause });
}
