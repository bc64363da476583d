/** When a run is killed: after so many requests of a phase were sent, or at the first whose path has the text, and then some milliseconds. */
export interface Moment {
  readonly phase: 'acquire' | 'steady' | 'release';
  readonly request: number | string;
  readonly delayMs: number;
}

/** Requests that a heartbeat loop of four makes: every second looks at the machines, too. */
const STEADY = 6;
/** Requests of a release before it waits for the namespace, and one of the wait. */
const RELEASE = 4;

/**
 * Twenty moments over the whole life of a run, random within equal parts of each phase.
 * @param acquire requests of an acquisition
 */
export function moments(acquire: number, seed: number): Moment[] {
  const random = generator(seed);
  const spread = (phase: Moment['phase'], requests: number, parts: number): Moment[] =>
    Array.from({ length: parts }, (_, part) => {
      const request = Math.floor((requests * (part + random())) / parts) + 1;
      return { phase, request, delayMs: Math.floor(random() * 40) };
    });
  return [
    ...spread('acquire', acquire, 12),
    ...spread('steady', STEADY, 3),
    ...spread('release', RELEASE, 3),
    // the namespace is gone, the addresses are not yet free
    { phase: 'release', request: 'leases?', delayMs: 0 },
    { phase: 'release', request: 'leases/proofgrid-address', delayMs: 0 },
  ];
}

/** mulberry32, by Tommy Ettinger, in the public domain. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
