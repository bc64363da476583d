import { execa } from 'execa';
import { ProofgridError } from '../../lifecycle/error.ts';
import { Store } from '../artifact/cache/store.ts';
import { toolchainRecipe } from '../artifact/go-module/toolchain.ts';
import { defaultCacheDirectory } from '../artifact/options.ts';
import type { Finding, Repair } from './finding.ts';
import { systemPath } from './host.ts';

/** Other users of apt (unattended upgrades) finish within this, seconds. */
const APT_LOCK_SECONDS = 300;
/** An extra source of the host that does not answer costs this many seconds, and nothing else. */
const SOURCE_TIMEOUT_SECONDS = 10;
/** 500 MB of packages over a slow line. */
const INSTALL_LIMIT_MS = 30 * 60_000;

const APT_OPTIONS = [
  `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`, 'Dpkg::Use-Pty=0', 'Dpkg::Options::=--force-confold',
  `Acquire::http::Timeout=${SOURCE_TIMEOUT_SECONDS}`, `Acquire::https::Timeout=${SOURCE_TIMEOUT_SECONDS}`, 'Acquire::Retries=1',
].flatMap((option) => ['-o', option]);

/** Mends what can be mended and says what it did; what remains is for the caller to find by looking again. */
export async function repair(findings: readonly Finding[], say: (message: string) => void, signal: AbortSignal): Promise<void> {
  const repairs = findings.flatMap(({ repair: found }) => (found === undefined ? [] : [found]));
  const packages = [...new Set(repairs.flatMap((one) => (one.type === 'packages' ? one.packages : [])))];
  if (packages.length > 0) await install(packages, say, signal);
  for (const one of repairs) await mend(one, say, signal);
}

async function mend(one: Repair, say: (message: string) => void, signal: AbortSignal): Promise<void> {
  if (one.type === 'packages') return;
  if (one.type === 'toolchain') return fetchToolchain(say, signal);
  const command = one.type === 'sysctl' ? ['sysctl', '-w', `${one.key}=${one.value}`] : ['modprobe', one.module];
  const [file = '', ...args] = command;
  const { failed, stderr } = await execa(file, args, { reject: false, stdin: 'ignore', cancelSignal: signal, env: { PATH: systemPath() } });
  signal.throwIfAborted();
  say(failed ? `${command.join(' ')} failed: ${stderr.trim()}` : `${command.join(' ')} (until the next boot)`);
}

/** Without it a host is as ready as before: a site may have no module proxy and need none. */
async function fetchToolchain(say: (message: string) => void, signal: AbortSignal): Promise<void> {
  try {
    await new Store(defaultCacheDirectory()).obtain(toolchainRecipe(), { signal, report: say });
  } catch (error) {
    signal.throwIfAborted();
    say(error instanceof Error ? error.message : String(error));
  }
}

async function install(packages: readonly string[], say: (message: string) => void, signal: AbortSignal): Promise<void> {
  say('fetching package lists');
  // Its failure is no verdict: a source that does not answer matters only if it has a package that we need.
  const update = await apt(['update'], signal);
  say(`installing ${packages.length} packages and what they need: ${packages.join(' ')}`);
  const result = await apt(['install', '--yes', '--no-install-recommends', ...packages], signal, watchInstall(say));
  if (!result.failed) return;
  throw new ProofgridError({
    code: 'DOCTOR_INSTALL_FAILED',
    fault: 'infrastructure',
    what: `apt-get install failed: ${tail(result.stderr)}${update.failed ? ` (and apt-get update: ${tail(update.stderr)})` : ''}`,
    remedy: `run it by hand: apt-get update && apt-get install --yes --no-install-recommends ${packages.join(' ')}`,
  });
}

const tail = (text: string) => text.trim().split('\n').slice(-3).join(' | ');

async function apt(command: readonly string[], signal: AbortSignal, onLine?: (line: string) => void) {
  const child = execa('apt-get', ['-q', ...APT_OPTIONS, ...command], {
    reject: false, stdin: 'ignore', timeout: INSTALL_LIMIT_MS, cancelSignal: signal,
    env: { PATH: systemPath(), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', NEEDRESTART_MODE: 'a' },
  });
  if (onLine) for await (const line of child) onLine(line);
  const result = await child;
  signal.throwIfAborted();
  return result;
}

/** One line for every twenty packages: life, not noise. */
function watchInstall(say: (message: string) => void): (line: string) => void {
  let total = 0;
  let done = 0;
  return (line) => {
    total = Number(/(\d+) newly installed/.exec(line)?.[1] ?? total);
    if (/^Need to get /.test(line)) say(line.replace(/\.$/, ''));
    if (!line.startsWith('Setting up ')) return;
    done += 1;
    if (done % 20 === 0 || done === total) say(`set up ${done} of ${total} packages`);
  };
}
