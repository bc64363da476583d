import { diskFull, isDiskFull } from '../../lifecycle/disk-full.ts';

/** What a person is told of what an interruption does. */
interface Words {
  readonly ending: string;
  /** What a second one leaves behind. */
  readonly left: string;
}

const MACHINES: Words = { ending: 'removing the machines', left: 'machines may remain, `proofgrid reap` removes them' };

/**
 * Runs the work with a signal that SIGINT, SIGTERM and SIGHUP abort; a second one ends the process at once. Output that
 * nobody reads any more (`| head`) aborts it too, as for the lifecycle runner: the run is not wanted either.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, say: (message: string) => void, words: Words = MACHINES): Promise<T> {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      say(`interrupted again: ${words.left}`);
      process.exit(130);
    }
    say(`${name}: ${words.ending}; once more to leave at once`);
    controller.abort(new DOMException(name, 'AbortError'));
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const unread = (error: Error) => {
    const { message } = error;
    if (controller.signal.aborted) return;
    say(`standard output is lost (${message}): ${words.ending}`);
    controller.abort(isDiskFull(error) ? diskFull(`standard output cannot be written: ${message}`, error) : new DOMException(message, 'AbortError'));
  };
  for (const name of names) process.on(name, interrupt);
  process.stdout.on('error', unread);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of names) process.off(name, interrupt);
    process.stdout.off('error', unread);
  }
}
