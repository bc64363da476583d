import { randomOf } from '../../random.ts';

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
  const random = randomOf(seed);
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
