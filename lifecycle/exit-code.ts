import type { Fault } from './error.ts';

const EXIT_CODES: Readonly<Record<Fault, number>> = {
  failed: 1,
  usage: 2,
  infrastructure: 3,
  'timed-out': 4,
  leaked: 5,
  interrupted: 130,
};

/** DESIGN.md's exit codes, for an error that ended a command. */
export function exitCodeOfFault(fault: Fault): number {
  return EXIT_CODES[fault];
}
