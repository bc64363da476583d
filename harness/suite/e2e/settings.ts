import { isDeepStrictEqual } from 'node:util';
import type { Variables } from './playbook-data.ts';

export interface ComparedSettings {
  /** The program, for the sentence: `etcd`. */
  readonly what: string;
  readonly expected: Variables;
  /** What the program runs with. */
  readonly live: Variables;
  /** What it would run with after a restart, from its file. */
  readonly disk: Variables;
  readonly file: string;
  /** Settings that the file may have beyond those expected. */
  readonly besides?: readonly string[];
  /** What the program must have without being told. */
  readonly byDefault?: Variables;
}

/** Where the three differ: a setting that is not live yet and one that is wrong in both places are two faults. */
export function settingComplaints({ what, expected, live, disk, file, besides = [], byDefault = {} }: ComparedSettings): string[] {
  const [wanted, running, stored, usual] = [expected, live, disk, byDefault].map(flat) as [Variables, Variables, Variables, Variables];
  const wrong = Object.entries({ ...usual, ...wanted }).flatMap(([key, value]) => (same(running[key], value) ? [] : [`${what} has ${key} ${shown(running[key])}, expected ${shown(value)}`]));
  const stale = Object.keys(stored).flatMap((key) =>
    same(running[key], stored[key]) ? [] : [`${file} has ${key} ${shown(stored[key])}, and ${what} runs with ${shown(running[key])}`]);
  const extra = Object.keys(stored).filter((key) => !(key in wanted) && !(key in usual) && !besides.includes(key)).map((key) => `${file} has ${key} ${shown(stored[key])}, which nobody asked for`);
  const lost = Object.keys(wanted).flatMap((key) => (key in stored || same(undefined, wanted[key]) ? [] : [`${file} lacks ${key}`]));
  return [...wrong, ...stale, ...extra, ...lost];
}

/** `{a: {b: 1}}` → `{'a.b': 1}`; lists stay whole. */
function flat(settings: Variables): Variables {
  return Object.fromEntries(Object.entries(settings).flatMap(([key, value]) =>
    isObject(value) && Object.keys(value).length > 0 ? Object.entries(flat(value)).map(([below, inner]) => [`${key}.${below}`, inner]) : [[key, value]]));
}

function isObject(value: unknown): value is Variables {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Programs leave out what is empty or zero. */
function same(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) || (isEmpty(one) && isEmpty(other));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 0 || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}

function shown(value: unknown): string {
  return value === undefined ? 'unset' : JSON.stringify(value);
}
