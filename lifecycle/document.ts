import { parseDocument as parseYaml, type Document } from 'yaml';
import type { z } from 'zod';
import { ProofgridError, type Location } from './error.ts';
import { locateKey, locateValue, type Path } from './location.ts';
import { describeIssues } from './issue.ts';
import { readText } from './read-text.ts';

/** A file that is no such document at all has thousands of mistakes; nobody reads more than these. */
const MOST_LISTED = 20;

/** Each mistake of a document with its own place; `message` has one line for each of the first 20. */
export class DocumentError extends ProofgridError {
  readonly problems: readonly [ProofgridError, ...ProofgridError[]];

  constructor(problems: readonly [ProofgridError, ...ProofgridError[]]) {
    const [{ code, what, where, remedy, cause }] = problems;
    super({ code, fault: 'usage', what, cause, ...(where && { where }), ...(remedy !== undefined && { remedy }) });
    this.name = 'DocumentError';
    this.problems = problems;
    const rest = problems.length - MOST_LISTED;
    this.message = [...problems.slice(0, MOST_LISTED).map(({ message }) => message), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
  }
}

/** A valid document, and where each of its values stands. */
export interface ReadDocument<T> {
  readonly value: T;
  /** Place of the value at `path`; of its nearest ancestor when a default filled it in. */
  readonly locate: (path: Path) => Location;
  /** An error about the value at `path` for rules that no schema can hold. */
  readonly problem: (path: Path, code: string, what: string, remedy?: string) => ProofgridError;
}

/** Reads a YAML or JSON file that must fit `schema`. Rejects with a `DocumentError`, or `DOCUMENT_UNREADABLE`. */
export async function readDocument<S extends z.ZodType>(file: string, schema: S): Promise<ReadDocument<z.output<S>>> {
  const text = await readText(file).catch((cause: unknown) => {
    throw new ProofgridError({
      code: 'DOCUMENT_UNREADABLE',
      fault: 'usage',
      what: `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'name an existing YAML file',
      cause,
    });
  });
  return parseDocument(text, file, schema);
}

/** The same for text that is already read; `file` is only named in errors. */
export function parseDocument<S extends z.ZodType>(text: string, file: string, schema: S): ReadDocument<z.output<S>> {
  const place = placer(text, file);
  const problem = (where: Location, code: string, what: string, remedy?: string, cause?: unknown) =>
    new ProofgridError({ code, fault: 'usage', what, where, ...(remedy !== undefined && { remedy }), cause });

  const syntax = (what: string, cause: unknown, offset = 0) =>
    problem(place(offset), 'DOCUMENT_SYNTAX', what, 'write it as YAML 1.2', cause);
  let document: Document;
  try {
    document = parseYaml(text, { prettyErrors: false, version: '1.2', logLevel: 'error' });
  } catch (cause) {
    // The parser recurses: thousands of open brackets exhaust the stack.
    throw new DocumentError([syntax(`not readable as YAML: ${reason(cause)}`, cause)]);
  }
  // A warning is a tag or directive that YAML would guess at.
  refuse([...document.errors, ...document.warnings].map((error) =>
    error.code === 'DUPLICATE_KEY'
      ? problem(place(error.pos[0]), 'DOCUMENT_DUPLICATE_KEY', 'a key stands twice in the same map', 'keep one of them', error)
      : syntax(error.message, error, error.pos[0])));

  let input: unknown;
  try {
    input = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new DocumentError([syntax(`an alias cannot be resolved: ${reason(cause)}`, cause)]);
  }
  const result = safeParse(schema, input);
  if ('overflow' in result) throw new DocumentError([syntax('nested too deeply', result.overflow)]);
  if (!result.success) {
    refuse(describeIssues(result.error.issues, input, schema).map(({ path, at, code, what, remedy }) =>
      problem(place((at === 'key' ? locateKey : locateValue)(document, path)), code, what, remedy)));
  }
  const locate = (path: Path) => place(locateValue(document, path));
  return {
    value: result.data as z.output<S>,
    locate,
    problem: (path, code, what, remedy) => problem(locate(path), code, what, remedy),
  };
}

/** Turns offsets into lines and columns. The parser's own LineCounter loses lines behind some syntax errors. */
export function placer(text: string, file: string): (offset: number) => Location {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const at = Math.min(offset, text.length);
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return { file, line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

/** In the order of the file. */
export function sortByPlace(problems: readonly ProofgridError[]): ProofgridError[] {
  return [...problems].sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
}

function refuse(problems: readonly ProofgridError[]): void {
  const [first, ...others] = sortByPlace(problems);
  if (first !== undefined) throw new DocumentError([first, ...others]);
}

function safeParse<S extends z.ZodType>(schema: S, input: unknown) {
  try {
    return schema.safeParse(input);
  } catch (cause) {
    // Aliases can make a document that contains itself.
    if (cause instanceof RangeError) return { overflow: cause } as const;
    throw cause;
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
