/** A place in a file a person can open. Lines and columns count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Who has to act on an error; decides the exit code.
 * `usage`: the caller's input · `failed`: the product under test · `infrastructure`: the machines, safe to retry ·
 * `timed-out` · `leaked`: resources could not be removed · `interrupted`: asked to stop.
 */
export type Fault = 'usage' | 'failed' | 'infrastructure' | 'timed-out' | 'leaked' | 'interrupted';

export interface ProofgridErrorOptions {
  /** Stable, upper case with underscores: `MATRIX_UNKNOWN_KEY`. Documented, never reused. */
  readonly code: string;
  readonly fault: Fault;
  /** What happened, one sentence, no full stop. */
  readonly what: string;
  readonly where?: Location;
  /** What to do about it, one sentence, no full stop. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Every expected error. Anything else that reaches the top is a bug and is reported as one. */
export class ProofgridError extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly what: string;
  readonly where: Location | undefined;
  readonly remedy: string | undefined;

  constructor(options: ProofgridErrorOptions) {
    super(sentence(options), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProofgridError';
    this.code = options.code;
    this.fault = options.fault;
    this.what = options.what;
    this.where = options.where;
    this.remedy = options.remedy;
  }
}

function sentence({ code, what, where, remedy }: ProofgridErrorOptions): string {
  const place = where === undefined ? '' : `${where.file}:${where.line}:${where.column}: `;
  const advice = remedy === undefined ? '' : `; ${remedy}`;
  return `${place}${what}${advice} [${code}]`;
}
