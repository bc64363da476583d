import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** Milliseconds: what a timer of Node can hold, 24.8 days. */
const MAX_MS = 2 ** 31 - 1;

/** `90s`, `45m`, `1h30m` as milliseconds. */
export function durationOption(text: string): number {
  const parts = /^(?:\d+[smh])+$/.test(text) ? [...text.matchAll(/(\d+)([smh])/g)] : [];
  const milliseconds = parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0), 0);
  if (milliseconds > 0 && milliseconds <= MAX_MS) return milliseconds;
  throw new InvalidArgumentError('must be a duration of at most 24 days, such as 45m or 1h30m.');
}

/** A whole number from 1. */
export function countOption(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 1000) return number;
  throw new InvalidArgumentError('must be a whole number from 1 to 1000.');
}
