import { ProofgridError } from './error.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `30m` or `2h`. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new ProofgridError({
      code: 'DURATION_INVALID',
      fault: 'usage',
      what: `${JSON.stringify(text)} is no duration`,
      remedy: 'write it like 90s, 30m or 2h',
    });
  }
  return Number(amount) * (UNITS[unit] ?? 0);
}

/** `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
