import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../provider/contract.ts';
import type { CellRun } from './cell-run.ts';
import { messageOf } from './phase.ts';

/** Milliseconds. `interval`: several chances within a lease's time to live. `stop`: an interrupted run has 30 s in all until its machines are gone. */
const TIMES = { interval: 20_000, stop: 5_000 };

export interface Heart {
  /**
   * Ends the renewals and waits for the one under way: it would write over what marks a lease as kept. Nothing is
   * journalled any more from here on; the journal may be closed when a renewal that hangs comes back.
   */
  stop(): Promise<void>;
}

/** Renews a cell's lease until it is stopped. What fails is in the journal and ends nothing: the next one may succeed. */
export function startHeart({ provider, journal, cell }: Pick<CellRun, 'provider' | 'journal' | 'cell'>, lease: Lease, times = TIMES): Heart {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const tell = (message: string) => {
    try {
      journal.write({ type: 'progress', cell: cell.slug, message });
    } catch {
      // A journal that cannot be written ends the cell at its next step; the renewals go on until then.
    }
  };
  const beat = async () => {
    if (stopped) return;
    try {
      await provider.heartbeat(lease);
    } catch (error) {
      if (!stopped) tell(`heartbeat failed: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(() => (running = running.then(beat)), times.interval);
  return {
    async stop() {
      clearInterval(timer);
      stopped = true;
      const limit = new AbortController();
      await Promise.race([running, delay(times.stop, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
    },
  };
}
