import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Context } from './context.ts';
import { readLease, renewLease } from './heartbeat.ts';

export interface KeepAlive {
  /** Writes more onto the lease with its next renewal, at the latest when it stops. */
  annotate(annotations: Readonly<Record<string, string>>): void;
  stop(): Promise<void>;
}

/** Milliseconds. Queueing and importing take longer than a lease lives without a heartbeat; the cell's own begins later. */
const INTERVAL = 20_000;

/** Renews a lease while it is being acquired. A lease that is gone ends the acquisition; a failed request does not. */
export function keepAlive(context: Context, id: string, cell: string, abort: (reason: unknown) => void, intervalMs = INTERVAL): KeepAlive {
  let pending: Readonly<Record<string, string>> = {};
  let running = Promise.resolve();
  const beat = async () => {
    const annotations = pending;
    try {
      await renewLease(context, await readLease(context, id, cell), annotations);
      if (pending === annotations) pending = {};
    } catch (error) {
      if (error instanceof ProofgridError && error.code === 'LEASE_GONE') abort(error);
    }
  };
  const timer = setInterval(() => (running = running.then(beat)), intervalMs);
  return {
    annotate: (annotations) => (pending = { ...pending, ...annotations }),
    async stop() {
      clearInterval(timer);
      await running;
      if (Object.keys(pending).length > 0) await beat();
    },
  };
}
