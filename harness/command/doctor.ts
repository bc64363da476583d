import { Command, InvalidArgumentError, Option } from 'commander';
import { chooseEngine } from '../artifact/machine-image/engine.ts';
import { pruneEntries } from '../artifact/cache/prune.ts';
import { mountedDirectories, pruneImages } from '../artifact/machine-image/prune.ts';
import { moduleProxies } from '../artifact/go-module/proxy.ts';
import { defaultCacheDirectory } from '../artifact/options.ts';
import type { Finding, HostCheck } from '../doctor/finding.ts';
import { thisHost } from '../doctor/host.ts';
import { HOST_CHECKS, inspectHost, NO_MACHINE_CHECKS, REMOTE_CHECKS } from '../doctor/inspect.ts';
import { repair } from '../doctor/repair.ts';
import { imagePackagesCheck } from '../doctor/packages.ts';
import { describeSources, findReachable, registriesOf, type ReleaseSource } from '../doctor/sources.ts';
import { imageAddresses } from '../matrix/images.ts';
import { loadMatrix } from '../matrix/load.ts';
import { RELEASE_SOURCES, type ReleaseSource as SourceName } from '../matrix/versions/schema.ts';
import type { VersionTable } from '../matrix/versions/table.ts';
import { PROVIDERS, type ProviderName } from '../provider/provider-of.ts';

/** DESIGN.md: an infrastructure error, safe to retry. */
const HOST_NOT_READY = 3;

/** Longer than a release's freeze, shorter than a disk needs to fill up. */
const UNUSED_DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

const SOURCE_HELP = 'where releases will come from: upstream needs what pulls images'
  + ' (default: as the shipped versions file says)';

const say = (message: string) => process.stdout.write(`${message}\n`);

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check whether this host can run machines, and with --fix make it so')
    .option('--fix', 'install missing packages and set kernel parameters (as root)')
    .addOption(new Option('--provider <PROVIDER>', 'where machines will run: kubevirt needs less of this host, and none at all (lint, plan) too').choices([...PROVIDERS, 'none']).default('container'))
    .addOption(new Option('--source <SOURCE>', SOURCE_HELP).choices(RELEASE_SOURCES))
    .option('--prune [DAYS]', `remove artifacts and machine images that no run has used for so many days (default: ${UNUSED_DAYS})`, days)
    .option('--dry-run', 'with --prune: say what would be removed, remove nothing')
    .addHelpText('after', `
Examples:
  $ proofgrid doctor          says what is missing, and the command that mends it
  $ proofgrid doctor --fix    mends it
  $ proofgrid doctor --fix --source upstream    and what downloads releases and their images
  $ proofgrid doctor --fix --provider none    only what lint and the rest need that starts no machine
  $ proofgrid doctor --prune 14 --dry-run    says which artifacts nobody has used for two weeks

Exit codes: 0 the host is ready · 3 it is not`)
    .action(async ({ fix = false, prune, dryRun = false, provider, source }: DoctorOptions) => {
      if (prune !== undefined) await pruneArtifacts(prune === true ? UNUSED_DAYS : prune, dryRun);
      else process.exitCode = await doctor(fix, provider, source);
    });
}

interface DoctorOptions {
  readonly fix?: boolean;
  readonly prune?: number | true;
  readonly dryRun?: boolean;
  readonly provider: ProviderName | 'none';
  readonly source?: SourceName;
}

/** A run takes hours at the most: what was used within a day may be in use now. */
function days(word: string): number {
  const number = Number(word);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('name whole days, 1 or more');
  return number;
}

async function pruneArtifacts(unusedDays: number, dryRun: boolean): Promise<void> {
  const engine = await chooseEngine();
  const request = { directory: defaultCacheDirectory(), before: new Date(Date.now() - unusedDays * DAY_MS), dryRun };
  const images = await pruneImages(engine, request);
  const entries = await pruneEntries(request, await mountedDirectories(engine));
  for (const { name, lastUsed } of [...images, ...entries]) {
    say(`${dryRun ? 'would remove' : 'removed'} ${name}, last used on ${lastUsed.toISOString().slice(0, 10)}`);
  }
  if (images.length + entries.length === 0) say(`nothing has been unused for ${unusedDays} days`);
}

const CHECKS: Readonly<Record<ProviderName | 'none', readonly HostCheck[]>> = { container: HOST_CHECKS, kubevirt: REMOTE_CHECKS, none: NO_MACHINE_CHECKS };

async function doctor(fix: boolean, provider: ProviderName | 'none', source?: SourceName): Promise<number> {
  const started = performance.now();
  const host = thisHost();
  const versions = provider === 'none' ? undefined : (await loadMatrix()).document.versions;
  const { signal } = new AbortController();
  const sources = versions === undefined ? undefined : findReachable(releaseSources(versions), signal);
  const pulls = versions !== undefined && pullsImages(versions, source);
  const checks = [...CHECKS[provider], ...(pulls ? [imagePackagesCheck] : [])];
  let findings = await inspectHost(host, checks);
  if (fix && host.root && findings.some(({ repair: way }) => way !== undefined)) {
    const interruption = new AbortController();
    const stop = () => interruption.abort();
    process.once('SIGINT', stop).once('SIGTERM', stop);
    await repair(findings, say, interruption.signal);
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    findings = await inspectHost(host, checks);
  }
  const errors = findings.filter(({ severity }) => severity === 'error');
  for (const finding of findings) say(describe(finding));
  if (sources !== undefined) for (const line of describeSources(await sources)) say(line);
  if (errors.length === 0) {
    say(`ready: ${checks.length} checks in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return 0;
  }
  say(`not ready: ${errors.length} of ${checks.length} checks failed`);
  return HOST_NOT_READY;
}

function pullsImages(versions: VersionTable, source: SourceName = versions.source): boolean {
  return source === 'upstream' && imageAddresses(versions).length > 0;
}

/** Where the shipped matrix takes releases from. */
function releaseSources(versions: VersionTable): ReleaseSource[] {
  const [proxy] = moduleProxies();
  const upstream = versions.mirrors.kubernetes.replace(/\/+$/, '');
  return [
    ...(proxy === undefined ? [] : [{ name: 'go-module' as const, title: `the Go module proxy ${new URL(proxy).host}`, url: `${proxy}/k8s.io/kubernetes/@v/list` }]),
    { name: 'upstream', title: `the download site ${new URL(upstream).host}`, url: `${upstream}/stable.txt` },
    ...registriesOf(imageAddresses(versions)),
  ];
}

function describe({ name, severity, problem, fix }: Finding): string {
  return `${severity === 'error' ? 'FAIL' : 'note'} ${name}: ${problem}\n     ${severity === 'error' ? 'fix: ' : ''}${fix}`;
}
