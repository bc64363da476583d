import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Path } from '../../../lifecycle/location.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { closest } from '../../../lifecycle/suggest.ts';
import type { Problem } from '../../matrix/problem.ts';
import { ENUMERATIONS } from './enumerations.ts';

type Definition = Readonly<Record<string, string>>;

/** `apiVersion kind` → reference; definition → property, with `!` when it must be there → type. */
interface Shapes {
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Definition>>;
}

let loaded: Shapes | undefined;

function shapes(): Shapes {
  loaded ??= JSON.parse(readFileSync(path.join(packageRoot, 'schema', 'kubevirt-shapes.json'), 'utf8')) as Shapes;
  return loaded;
}

/** What the published OpenAPI documents of Kubernetes, KubeVirt and CDI refuse, with the path of each value. */
export function shapeProblems(object: unknown): Problem[] {
  const { apiVersion, kind } = (isRecord(object) ? object : {}) as { apiVersion?: unknown; kind?: unknown };
  const type = shapes().kinds[`${String(apiVersion)} ${String(kind)}`];
  if (type !== undefined) return check(object, type, []);
  return [{ path: ['kind'], code: 'KUBEVIRT_UNKNOWN_KIND', what: `${String(apiVersion)} ${String(kind)} is no kind that a cell is made of`, remedy: `use one of ${Object.keys(shapes().kinds).join(', ')}` }];
}

function check(value: unknown, type: string, at: Path, field = ''): Problem[] {
  if (value === null) return [problem(at, 'KUBEVIRT_WRONG_TYPE', `${name(at)} is empty`, 'give it a value, or leave the key out')];
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) return [mismatch(at, 'a list', value)];
    return value.flatMap((item, index) => check(item, type.slice(2), [...at, index], field));
  }
  if (type.startsWith('{}')) {
    if (!isRecord(value)) return [mismatch(at, 'a map', value)];
    return Object.entries(value).flatMap(([key, item]) => check(item, type.slice(2), [...at, key], field));
  }
  if (type.startsWith('#')) return properties(value, type.slice(1), at);
  if (type.startsWith("'")) return enumerated(value, type.split('|').map((word) => word.slice(1, -1)), at);
  const allowed = ENUMERATIONS[field];
  if (allowed !== undefined) return enumerated(value, allowed, at);
  return plain(value, type, at);
}

function properties(value: unknown, definition: string, at: Path): Problem[] {
  const known = shapes().definitions[definition] ?? {};
  if (!isRecord(value)) return [mismatch(at, 'a map', value)];
  const names = Object.keys(known).map((key) => key.replace(/!$/, ''));
  const missing = Object.keys(known).filter((key) => key.endsWith('!') && !Object.hasOwn(value, key.slice(0, -1)));
  return [
    ...missing.map((key) => problem(at, 'KUBEVIRT_MISSING_FIELD', `${JSON.stringify(key.slice(0, -1))} is missing in ${name(at)}`, 'add it')),
    ...Object.entries(value).flatMap(([key, item]) => {
      const type = Object.hasOwn(known, key) ? known[key] : known[`${key}!`];
      if (type !== undefined) return check(item, type, [...at, key], `${definition}.${key}`);
      const near = closest(key, names);
      const remedy = near === undefined ? 'remove it: the API server would drop it' : `did you mean ${near}?`;
      return [problem([...at, key], 'KUBEVIRT_UNKNOWN_FIELD', `unknown field ${JSON.stringify(key)} in ${name(at)}`, remedy)];
    }),
  ];
}

function enumerated(value: unknown, allowed: readonly string[], at: Path): Problem[] {
  if (typeof value === 'string' && allowed.includes(value)) return [];
  return [problem(at, 'KUBEVIRT_UNKNOWN_VALUE', `${name(at)} cannot be ${JSON.stringify(value)}`, `use one of ${allowed.join(', ')}`)];
}

function plain(value: unknown, type: string, at: Path): Problem[] {
  if (type === 'any') return [];
  if (type === 'object') return isRecord(value) ? [] : [mismatch(at, 'a map', value)];
  if (type === 'int-or-string') return typeof value === 'string' || Number.isInteger(value) ? [] : [mismatch(at, 'a number or a name', value)];
  return typeof value === type ? [] : [mismatch(at, `a ${type}`, value)];
}

function mismatch(at: Path, wanted: string, value: unknown): Problem {
  return problem(at, 'KUBEVIRT_WRONG_TYPE', `${name(at)} must be ${wanted}, not ${JSON.stringify(value)?.slice(0, 60)}`, 'correct it');
}

function problem(at: Path, code: string, what: string, remedy: string): Problem {
  return { path: at, code, what, remedy };
}

/** `spec.template.spec.volumes[0].name`; the root is `the object`. */
export function name(at: Path): string {
  if (at.length === 0) return 'the object';
  return at.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`)).join('');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
