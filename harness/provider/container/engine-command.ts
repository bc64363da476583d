import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';

/** Milliseconds. Engine commands take 30 to 300 ms here; removing a machine full of pods a few seconds. */
const LIMIT = 90_000;

export interface EngineOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one engine command to its end. Aborting a run never cuts it short: an engine that is killed half-way leaves behind
 * what it can no longer list, so callers let it finish and then remove what it made. It has its own process group, so that a
 * Ctrl-C in the terminal does not reach it either.
 */
export type EngineCommand = (words: readonly string[]) => Promise<EngineOutput>;

export function engineCommand(program: string): EngineCommand {
  return async (words) => {
    const { exitCode, stdout, stderr, timedOut, cause } = await execa(program, words, {
      reject: false,
      stdin: 'ignore',
      detached: true,
      timeout: LIMIT,
      forceKillAfterDelay: 5000,
      maxBuffer: 64 * 1024 * 1024,
    });
    if (timedOut) throw engineFailed(program, words, `not done within ${LIMIT / 1000} s`);
    if (exitCode === undefined) throw engineFailed(program, words, 'it could not be started, or was killed', cause);
    return { exitCode, stdout, stderr };
  };
}

/** The standard output of a command that has to succeed. */
export async function succeed(run: EngineCommand, program: string, words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(words);
  if (exitCode !== 0) throw engineFailed(program, words, stderr.trim() || `it ended with ${exitCode}`);
  return stdout;
}

export function engineFailed(program: string, words: readonly string[], reason: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'ENGINE_FAILED',
    fault: 'infrastructure',
    what: `${program} ${words.slice(0, 2).join(' ')}: ${reason}`,
    remedy: `check that ${program} works on this host with proofgrid doctor`,
    ...(cause === undefined ? {} : { cause }),
  });
}
