import { ProofgridError } from '../../lifecycle/error.ts';

export interface StartFailure {
  readonly machine: string;
  /** The stage that was not reached. */
  readonly stage: string;
  readonly reason: string;
  /** Everything that the machine printed. */
  readonly console: string;
  readonly cause: unknown;
}

/** A machine that did not come up. `console` is worth keeping as evidence. */
export class MachineStartError extends ProofgridError {
  readonly machine: string;
  readonly stage: string;
  readonly console: string;

  constructor({ machine, stage, reason, console, cause }: StartFailure) {
    super({
      code: 'MACHINE_NOT_READY',
      fault: 'infrastructure',
      what: `machine ${machine} did not reach the stage "${stage}": ${reason}${lastLines(console)}`,
      remedy: 'run it again, or read the console of the machine in the evidence',
      cause,
    });
    this.name = 'MachineStartError';
    this.machine = machine;
    this.stage = stage;
    this.console = console;
  }
}

function lastLines(console: string): string {
  const lines = console.split(/\r?\n/).filter((line) => line.trim() !== '').slice(-3);
  return lines.length === 0 ? '' : ` (its console ends with: ${lines.join(' | ')})`;
}
