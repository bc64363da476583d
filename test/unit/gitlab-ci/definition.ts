import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../../lifecycle/root.ts';

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export interface Rule {
  readonly if?: string;
  readonly when?: string;
  readonly needs?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly auto_cancel?: { readonly on_new_commit: string };
}

export interface Job {
  readonly stage?: string;
  readonly tags?: readonly string[];
  readonly needs?: readonly string[];
  readonly timeout?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly retry?: { readonly max: number; readonly when: string; readonly exit_codes?: readonly number[] };
  readonly cache?: { readonly policy?: string };
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
  readonly artifacts?: { readonly when?: string; readonly expose_as?: string; readonly paths?: readonly string[]; readonly reports?: { readonly junit: string } };
  readonly rules?: readonly Rule[];
}

interface Definition {
  readonly stages: readonly string[];
  readonly workflow: { readonly rules: readonly Rule[] };
  readonly variables: Readonly<Record<string, string>>;
  readonly default: Job;
}

const NOT_JOBS = new Set(['stages', 'workflow', 'variables', 'default']);

const source = parse(readFileSync(path.join(packageRoot, '.gitlab-ci.yml'), 'utf8'), { merge: true }) as Definition & Readonly<Record<string, Value>>;

export const definition: Definition = source;

/** Every job that can run, by name, with what it extends and the defaults in it. */
export const jobs: ReadonlyMap<string, Job> = new Map(
  Object.keys(source)
    .filter((name) => !name.startsWith('.') && !NOT_JOBS.has(name))
    .map((name) => [name, { ...definition.default, ...(extended(name) as Job) }]),
);

/** Objects are merged and everything else replaced, as GitLab does it: https://docs.gitlab.com/ci/yaml/#extends */
function extended(name: string): Value {
  const { extends: parents, ...own } = source[name] as { readonly [key: string]: Value };
  const names = parents === undefined ? [] : [parents].flat().map(String);
  return [...names.map(extended), own].reduce(merged);
}

function merged(base: Value, over: Value): Value {
  if (!isObject(base) || !isObject(over)) return over;
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(names.map((name) => [name, base[name] !== undefined && over[name] !== undefined ? merged(base[name], over[name]) : (over[name] ?? base[name] ?? null)]));
}

function isObject(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** gitlab-ci-local's evaluation of a rule's condition; it has no types. */
const specifier: string = 'gitlab-ci-local/src/utils.js';
const { Utils } = (await import(specifier)) as { Utils: { evaluateRuleIf(condition: string | undefined, variables: Readonly<Record<string, string>>): boolean } };

/** The first rule that applies, which is the one that counts. */
export function ruleFor(rules: readonly Rule[], variables: Readonly<Record<string, string>>): Rule | undefined {
  return rules.find((rule) => Utils.evaluateRuleIf(rule.if, variables));
}

/** Milliseconds of GitLab's `1 hour` and of Go's `3h45m`. */
export function milliseconds(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
  const parts = [...text.matchAll(/(\d+)\s*(h|m|s)[a-z]*/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) throw new Error(`not a time: ${text}`);
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? Number.NaN), 0);
}
