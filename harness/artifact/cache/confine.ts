import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { RunOptions } from '../recipe.ts';

const INHERITED = ['HOME', 'http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** How much of a failed program's output an error quotes. */
const QUOTED_LINES = 12;

/**
 * Runs a program in a process-id and mount namespace of its own. The kernel kills everything inside when this process
 * dies (even by SIGKILL) or `signal` aborts, daemons and double forks included, and unmounts what was mounted there.
 * Output goes to `log`; the promise resolves with standard output.
 * @throws ProofgridError `ARTIFACT_COMMAND_FAILED`, or the signal's reason
 */
export async function confine(
  command: readonly [string, ...string[]],
  { cwd, env = {}, sourceDirectory, onErrorLine, log, signal }: RunOptions & { readonly log: string; readonly signal: AbortSignal },
): Promise<string> {
  signal.throwIfAborted();
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const inside = sourceDirectory === undefined
    ? command
    : ['sh', '-c', 'mount --bind "$1" /usr/src && cd /usr/src && shift && exec "$@"', 'sh', sourceDirectory, ...command];
  const child = execa(
    'setpriv',
    ['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--', ...inside],
    {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...Object.fromEntries(inherited), PATH, LC_ALL: 'C.UTF-8', ...env },
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      cancelSignal: signal,
      forceKillAfterDelay: false,
      killSignal: 'SIGKILL',
      reject: false,
      maxBuffer: 64 << 20,
    },
  );
  child.all.pipe(createWriteStream(log, { flags: 'a' }));
  if (onErrorLine) createInterface({ input: child.stderr }).on('line', onErrorLine);
  const result = await child;
  signal.throwIfAborted();
  if (!result.failed) return result.stdout;
  const why = result.exitCode === undefined ? result.shortMessage : `exit code ${result.exitCode}`;
  throw new ProofgridError({
    code: 'ARTIFACT_COMMAND_FAILED',
    fault: 'infrastructure',
    what: `${command[0]} failed (${why}): ${(result.all ?? '').trim().split('\n').slice(-QUOTED_LINES).join(' | ')}`,
    cause: result.cause,
  });
}
