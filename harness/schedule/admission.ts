import { takeNext, type Waiting } from './queue.ts';
import { refuseTooLarge, weigh, type Limits, type Weighed, type Weight } from './weight.ts';

/** Lets cells in, whole, as soon as they fit. */
export interface Admission {
  /**
   * Resolves when the cell may start, with the function that gives its place back (any number of calls count once).
   * Rejects with the signal's reason when that aborts first, and with `SCHEDULE_CELL_TOO_LARGE` when it could never fit.
   */
  admit(cell: Weighed, signal: AbortSignal): Promise<() => void>;
}

interface Applicant extends Waiting {
  readonly enter: () => void;
}

export function createAdmission(limits: Limits): Admission {
  const line: Applicant[] = [];
  const running = new Set<Weight>();

  const letIn = () => {
    for (let next = takeNext(line, [...running], limits); next !== undefined; next = takeNext(line, [...running], limits)) {
      running.add(next.weight);
      next.enter();
    }
  };

  return {
    async admit(cell, signal) {
      signal.throwIfAborted();
      refuseTooLarge([cell], limits);
      const weight = weigh(cell);
      await new Promise<void>((resolve, reject) => {
        const giveUp = () => {
          line.splice(line.indexOf(applicant), 1);
          reject(signal.reason);
          // Whoever stood behind may fit now that nobody is overtaken.
          letIn();
        };
        const applicant: Applicant = {
          weight,
          overtaken: 0,
          enter: () => {
            signal.removeEventListener('abort', giveUp);
            resolve();
          },
        };
        signal.addEventListener('abort', giveUp, { once: true });
        line.push(applicant);
        letIn();
      });
      return () => {
        if (running.delete(weight)) letIn();
      };
    },
  };
}
