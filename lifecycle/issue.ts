import type { z } from 'zod';
import { knownKeys } from './known-keys.ts';
import type { Path } from './location.ts';
import { closest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** One mistake, said for a person. `at`: whether the key or the value is to be looked at. */
interface Description {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly code: string;
  readonly what: string;
  readonly remedy?: string;
}

/** Turns the issues that `schema` has with `input` into one description for each mistake. */
export function describeIssues(issues: readonly Issue[], input: unknown, schema: z.core.$ZodType): Description[] {
  return issues.flatMap((issue) => describe(issue, issue.path, input, schema));
}

function describe(issue: Issue, path: Path, input: unknown, schema: z.core.$ZodType): Description[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      at: 'key',
      code: 'DOCUMENT_UNKNOWN_KEY',
      what: `unknown key ${JSON.stringify(key)} in ${name(path)}`,
      remedy: spelling(key, knownKeys(schema, path)),
    }));
  }
  if (issue.code === 'custom' && issue.params?.code !== undefined) {
    const { code, remedy } = issue.params as { code: string; remedy: string };
    return [{ path, at: 'value', code, what: `${name(path)}: ${issue.message}`, remedy }];
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && !isNamed(issue)) {
    return likeliest(issue.errors).flatMap((inner) => describe(inner, [...path, ...inner.path], input, schema));
  }
  if (issue.code === 'invalid_key') {
    const why = issue.issues.map(({ message }) => message).join(', ');
    return [{ path, at: 'key', code: 'DOCUMENT_INVALID_KEY', what: `key ${name(path)}: ${why}` }];
  }
  if (!present(input, path) && issue.code !== 'custom') {
    return [{
      path,
      at: 'key',
      code: 'DOCUMENT_MISSING_KEY',
      what: `${JSON.stringify(String(path.at(-1)))} is missing in ${name(path.slice(0, -1))}`,
      remedy: 'add it',
    }];
  }
  const remedy = advice(issue, input, path);
  return [{
    path,
    at: 'value',
    code: 'DOCUMENT_INVALID_VALUE',
    what: `${name(path)}: ${message(issue)}`,
    ...(remedy !== undefined && { remedy }),
  }];
}

function spelling(key: string, known: readonly string[]): string {
  const near = closest(key, known);
  return near === undefined ? 'remove it, or correct its spelling' : `did you mean ${near}?`;
}

/** An alternative of formats for one text, which has a message of its own. */
function isNamed({ message, errors }: z.core.$ZodIssueInvalidUnion): boolean {
  return message !== 'Invalid input' && errors.flat().every(({ path, code }) => path.length === 0 && code === 'invalid_format');
}

/** The alternative that got furthest is the one that was meant. */
function likeliest(alternatives: Issue[][]): Issue[] {
  // A key that an alternative does not know stands one level below the map that the issue names.
  const depth = (issues: Issue[]) => Math.max(0, ...issues.map(({ path, code }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));
  return alternatives.reduce((best, candidate) =>
    depth(candidate) > depth(best) || (depth(candidate) === depth(best) && candidate.length < best.length) ? candidate : best);
}

function message(issue: Issue): string {
  if (issue.code === 'invalid_union' && 'options' in issue && issue.options !== undefined) {
    return `must be one of ${issue.options.map((option) => JSON.stringify(option)).join(', ')}`;
  }
  return issue.message.replace(/^Invalid (input|option): /, '');
}

function advice(issue: Issue, input: unknown, path: Path): string | undefined {
  if (issue.code !== 'invalid_type' || issue.expected !== 'string') return undefined;
  const value = valueAt(input, path);
  return typeof value === 'number' || typeof value === 'boolean' ? 'put it in quotes: YAML reads it as something else' : undefined;
}

/** `spec.machines[2].name`; the root is `the document`. */
function name(path: Path): string {
  if (path.length === 0) return 'the document';
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`)).join('');
}

function present(input: unknown, path: Path): boolean {
  return path.length === 0 || valueAt(input, path) !== undefined;
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Record<PropertyKey, unknown>)[step] : undefined, input);
}
