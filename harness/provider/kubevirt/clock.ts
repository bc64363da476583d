/** What an answer said the API server's time is, and when we heard it. */
export interface ServerClock {
  /** The API server's time now, by its last answer; leases are written and judged by it, so that no host's clock counts. */
  now(): Date;
  heard(date: Date): void;
}

/** @param monotonic milliseconds that never jump */
export function serverClock(monotonic: () => number = () => performance.now()): ServerClock {
  let known: { readonly date: number; readonly at: number } | undefined;
  return {
    now: () => new Date(known === undefined ? Date.now() : known.date + monotonic() - known.at),
    heard: (date) => {
      known = { date: date.getTime(), at: monotonic() };
    },
  };
}
