/** How much of the work must be done before its own speed alone says how long the rest takes. */
const TRUSTED_SHARE = 0.25;

/** How far a build is and how long it will take, from what it says of itself; time that it waits for others is left out. */
export class Pace {
  readonly #estimateMs: number;
  readonly #now: () => number;
  readonly #started: number;
  #waitedMs = 0;
  #waitingSince: number | undefined;
  #doing = '';
  /** The share that is done, and what had been worked when the first share was told. */
  #share: { readonly done: number; readonly from: number } | undefined;

  constructor(estimateMs: number, now: () => number = () => performance.now()) {
    this.#estimateMs = estimateMs;
    this.#now = now;
    this.#started = now();
  }

  /** Milliseconds. */
  get workedMs(): number {
    const now = this.#now();
    return now - this.#started - this.#waitedMs - (this.#waitingSince === undefined ? 0 : now - this.#waitingSince);
  }

  step(what: string, done?: number): void {
    this.#doing = what;
    if (done !== undefined) this.#share = { done, from: this.#share?.from ?? this.workedMs };
  }

  async waiting<T>(what: string, until: Promise<T>): Promise<T> {
    const before = this.#doing;
    this.#doing = what;
    this.#waitingSince = this.#now();
    try {
      return await until;
    } finally {
      this.#waitedMs += this.#now() - this.#waitingSince;
      this.#waitingSince = undefined;
      this.#doing = before;
    }
  }

  /** `2:10 of about 5:20 (compiling)`. */
  describe(): string {
    const worked = this.workedMs;
    const doing = this.#doing && ` (${this.#doing})`;
    const expected = this.#expectedMs(worked);
    if (expected <= worked) return `${clock(worked)}, longer than the usual ${clock(this.#estimateMs)}${doing}`;
    return `${clock(worked)} of about ${clock(expected)}${doing}`;
  }

  #expectedMs(worked: number): number {
    const { done, from } = this.#share ?? { done: 0, from: 0 };
    if (done <= 0) return this.#estimateMs;
    const measured = from + (worked - from) / Math.min(1, done);
    const weight = Math.min(1, done / TRUSTED_SHARE);
    return weight * measured + (1 - weight) * Math.max(this.#estimateMs, worked);
  }
}

/** `2:10`. */
export function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
