import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';

/** Milliseconds for one tool: twice the 60 s that the whole lint may take, so that a loaded machine is no failure. */
const TOOL_LIMIT = 120_000;

export interface ToolOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes with which the tool has done its work; by default 0 alone. */
  readonly expected?: readonly number[];
}

export interface ToolOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a linter with all the processes that it starts. Rejects unless it ended with an expected exit code. */
export async function runTool(program: string, words: readonly string[], options: ToolOptions): Promise<ToolOutput> {
  options.signal.throwIfAborted();
  const child = execa(program, words, {
    cwd: options.cwd,
    env: { LC_ALL: 'C.UTF-8', NO_COLOR: '1', ...options.env },
    stdin: 'ignore',
    detached: true,
    cleanup: false,
    reject: false,
  });
  let timedOut = false;
  const end = () => { if (child.pid !== undefined) killGroup(child.pid); };
  const limit = setTimeout(() => { timedOut = true; end(); }, TOOL_LIMIT);
  options.signal.addEventListener('abort', end, { once: true });
  // Detached, or a terminal's Ctrl-C would end it before we know; so it has to be ended with us.
  process.once('exit', end);
  try {
    const { exitCode, stdout, stderr, shortMessage, code } = await child;
    options.signal.throwIfAborted();
    if (code === 'ENOENT') throw failed(program, 'LINT_TOOL_MISSING', 'is not installed', 'install it: `proofgrid doctor --fix`');
    if (timedOut) throw failed(program, 'LINT_TIMED_OUT', `took longer than ${TOOL_LIMIT / 1000} s`, 'look at what it waits for');
    if (exitCode === undefined || !(options.expected ?? [0]).includes(exitCode)) {
      const said = [stderr, stdout].map((text) => text.trim()).filter((text) => text !== '').join('\n').slice(0, 4000);
      throw failed(program, 'LINT_TOOL_FAILED', `did not finish: ${said === '' ? (shortMessage ?? 'it said nothing') : said}`, 'run it by hand');
    }
    return { stdout, stderr, exitCode };
  } finally {
    clearTimeout(limit);
    options.signal.removeEventListener('abort', end);
    process.off('exit', end);
  }
}

function failed(program: string, code: string, what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code, fault: 'infrastructure', what: `${program} ${what}`, remedy });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
