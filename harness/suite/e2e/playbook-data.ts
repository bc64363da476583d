import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../../lifecycle/root.ts';

/** Names to values, as the playbooks have them; texts may be templates of Jinja. */
export type Variables = Readonly<Record<string, unknown>>;

interface VersionRow {
  /** Included. */
  readonly since?: string;
  /** Not included. */
  readonly until?: string;
  readonly value: Variables;
}

const YAML = { version: '1.1' } as const;

/** Variables of files below `playbooks/`; later files win. What a check expects is read from where it is set, so that no number stands twice. */
export function playbookVariables(...files: readonly string[]): Variables {
  return Object.assign({}, ...files.map((file) => parse(source(file), YAML) as Variables)) as Variables;
}

/**
 * The settings that a template of YAML makes. It knows what these templates use: `{{ … }}` and `{% if … %}` around whole lines.
 * An expression is looked up as it is written in `given`, else it is the name of a variable. Lines that `without` matches are left
 * out. @throws Error for anything else
 */
export function templateSettings(file: string, variables: Variables, given: Variables, without = /^#/): Variables {
  const values = new Values(variables, given);
  const kept: string[] = [];
  const conditions: boolean[] = [];
  for (const line of source(file).split('\n').filter((text) => !without.test(text))) {
    const condition = /^\{% if (.+) %\}$/.exec(line)?.[1];
    if (condition !== undefined) conditions.push(values.of(condition) === true);
    else if (line === '{% endif %}') conditions.pop();
    else if (line.startsWith('{%')) throw new Error(`${file}: a check does not understand ${line}`);
    else if (!conditions.includes(false)) kept.push(values.insert(line));
  }
  return parse(kept.join('\n'), YAML) as Variables;
}

/** Merges the rows that hold for a version, as the playbooks' filter `for_version` does. */
export function forVersion(rows: unknown, version: string): Variables {
  const held = (rows as readonly VersionRow[]).filter(({ since = '0', until }) => compare(version, since) >= 0 && (until === undefined || compare(version, until) < 0));
  const merged = Object.assign({}, ...held.map(({ value }) => value)) as Variables;
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

function source(file: string): string {
  return readFileSync(path.join(packageRoot, 'playbooks', file), 'utf8');
}

class Values {
  readonly #variables: Variables;
  readonly #given: Variables;

  constructor(variables: Variables, given: Variables) {
    this.#variables = variables;
    this.#given = given;
  }

  of(expression: string): unknown {
    if (Object.hasOwn(this.#given, expression)) return this.#given[expression];
    const name = /^(\w+)(?: \| (?:int|to_json))?$/.exec(expression)?.[1];
    if (name !== undefined && Object.hasOwn(this.#given, name)) return this.#given[name];
    if (name === undefined || !Object.hasOwn(this.#variables, name)) throw new Error(`a check has no value for {{ ${expression} }}`);
    return this.whole(this.#variables[name]);
  }

  /** A variable may be made of others; one that is nothing but another keeps its type. */
  whole(value: unknown): unknown {
    if (typeof value !== 'string') return value;
    const alone = /^\{\{ ([^{}]+) \}\}$/.exec(value)?.[1];
    return alone === undefined ? this.insert(value) : this.of(alone);
  }

  insert(text: string): string {
    return text.replaceAll(/\{\{ (.+?) \}\}/g, (_, expression: string) => {
      const value = this.of(expression);
      return typeof value === 'string' && !expression.endsWith('to_json') ? value : JSON.stringify(value);
    });
  }
}

/** Of what is before the first letter or sign: `1.20.2+deb12u1` counts as 1.20.2. */
function compare(one: string, other: string): number {
  const [left, right] = [one, other].map((text) => (/^[\d.]+/.exec(text)?.[0] ?? '0').split('.').map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
