import { parseAllDocuments, type Document } from 'yaml';
import { z } from 'zod';
import { placer, sortByPlace } from './document.ts';
import { readText } from './read-text.ts';
import { ProofgridError, type Location } from './error.ts';
import { describeIssues } from './issue.ts';
import { locateKey, locateValue, type Path } from './location.ts';
import { MANIFEST_YAML } from './manifest-yaml.ts';

/** An object of Kubernetes, as JSON holds it. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

const word = z.string().min(1, 'must not be empty');
/** What every apply needs to know of an object. `generateName` has no name to apply to. */
const objectSchema = z.looseObject({
  apiVersion: word,
  kind: word,
  metadata: z.looseObject({ name: word, namespace: z.string().optional() }),
});
const listSchema = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });

/** Either all objects of a manifest, lists unfolded, or what is wrong with it. */
export interface ReadManifest {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly ProofgridError[];
}

/** Reads a manifest as kubectl does, and judges what needs no API server. Rejects where the file cannot be read. */
export async function readManifest(file: string): Promise<ReadManifest> {
  return parseManifest(await readText(file), file);
}

/** The same for text that is already read; `file` is only named in errors. */
export function parseManifest(text: string, file: string): ReadManifest {
  const place = placer(text, file);
  const documents = parseAll(text);
  if ('cause' in documents) return { objects: [], problems: [invalid(place(0), 'MANIFEST_SYNTAX', documents.what, 'write it as YAML or JSON', documents.cause)] };
  const read = documents.map((document) => readOne(document, place));
  const objects = read.flatMap((one) => one.objects);
  const problems = read.flatMap((one) => one.problems);
  if (objects.length === 0 && problems.length === 0) problems.push(invalid(place(0), 'MANIFEST_EMPTY', `${file} has no object`, 'write the objects that are to be applied'));
  return { objects, problems: sortByPlace(problems) };
}

function parseAll(text: string): Document[] | { what: string; cause: unknown } {
  try {
    const documents = parseAllDocuments(text, MANIFEST_YAML);
    return Array.isArray(documents) ? documents : [];
  } catch (cause) {
    // The parser recurses: thousands of open brackets exhaust the stack.
    return { what: `not readable as YAML: ${cause instanceof Error ? cause.message : String(cause)}`, cause };
  }
}

function readOne(document: Document, place: (offset: number) => Location): ReadManifest {
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return { objects: [], problems: faults.map((fault) => invalid(place(fault.pos[0]), 'MANIFEST_SYNTAX', fault.message, 'write it as kubectl reads it', fault)) };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    return { objects: [], problems: [invalid(place(document.range?.[0] ?? 0), 'MANIFEST_SYNTAX', `an alias cannot be resolved: ${String(cause)}`, 'write it out', cause)] };
  }
  if (value === null || value === undefined) return { objects: [], problems: [] };
  return judge(value, [], document, place);
}

function judge(value: unknown, path: Path, document: Document, place: (offset: number) => Location): ReadManifest {
  const list = listSchema.safeParse(value);
  if (list.success) {
    const read = list.data.items.map((item, index) => judge(item, [...path, 'items', index], document, place));
    return { objects: read.flatMap((one) => one.objects), problems: read.flatMap((one) => one.problems) };
  }
  const result = objectSchema.safeParse(value);
  if (result.success) return { objects: [result.data], problems: [] };
  const problems = describeIssues(result.error.issues, value, objectSchema).map((issue) => invalid(
    place((issue.at === 'key' ? locateKey : locateValue)(document, [...path, ...issue.path])), 'MANIFEST_INVALID', issue.what, issue.remedy ?? 'write an object of Kubernetes'));
  return { objects: [], problems };
}

function invalid(where: Location, code: string, what: string, remedy: string, cause?: unknown): ProofgridError {
  return new ProofgridError({ code, fault: 'usage', what, where, remedy, cause });
}
