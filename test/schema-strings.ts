import type { z } from 'zod';

/** What of zod's definitions matters here; each kind of schema has some of it. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly catchall?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
}

/** One text of a document that its schema does not choose from a list: a value, or the key of a map. */
export interface TextAt {
  /** The field as the schema knows it: `spec.addOns[].name`, `metadata.annotations.*`, `metadata.annotations.* key`. */
  readonly field: string;
  /** Where this one stands in the document. */
  readonly path: readonly (string | number)[];
  readonly part: 'value' | 'key';
}

const definitionOf = (schema: z.core.$ZodType) => schema._zod.def as unknown as Definition;
/** Texts among a few that are written in the schema, numbers and the like. */
const CLOSED = ['enum', 'literal', 'number', 'int', 'boolean', 'null', 'unknown', 'never'];

/** Every field of a schema that holds texts. Throws for a kind of schema that it does not know. */
export function textFields(schema: z.core.$ZodType, at = ''): string[] {
  const { type, shape, element, keyType, valueType, options, innerType, in: input, out } = definitionOf(schema);
  if (type === 'string') return [at];
  if (CLOSED.includes(type)) return [];
  if (shape !== undefined) return unique(Object.entries(shape).flatMap(([key, inner]) => textFields(inner, join(at, key))));
  if (element !== undefined) return textFields(element, `${at}[]`);
  if (keyType !== undefined && valueType !== undefined) return [...textFields(keyType, `${join(at, '*')} key`), ...textFields(valueType, join(at, '*'))];
  if (options !== undefined) return unique(options.flatMap((option) => textFields(option, at)));
  if (innerType !== undefined) return textFields(innerType, at);
  if (input !== undefined && out !== undefined) return unique([...textFields(input, at), ...(definitionOf(out).type === 'transform' ? [] : textFields(out, at))]);
  throw new Error(`a schema of the type ${type} at ${at}: say here which texts it has`);
}

/** The texts of a document, and the fields that they are of. */
export function textsIn(schema: z.core.$ZodType, value: unknown, field = '', path: TextAt['path'] = []): TextAt[] {
  const { type, shape, element, keyType, valueType, options, innerType, in: input, out } = definitionOf(schema);
  if (value === undefined || value === null) return [];
  if (type === 'string') return [{ field, path, part: 'value' }];
  if (shape !== undefined) return Object.entries(shape).flatMap(([key, inner]) => textsIn(inner, (value as Record<string, unknown>)[key], join(field, key), [...path, key]));
  if (element !== undefined) return (value as unknown[]).flatMap((item, index) => textsIn(element, item, `${field}[]`, [...path, index]));
  if (keyType !== undefined && valueType !== undefined) {
    return Object.entries(value).flatMap(([key, inner]) => [
      { field: `${join(field, '*')} key`, path: [...path, key], part: 'key' as const },
      ...textsIn(valueType, inner, join(field, '*'), [...path, key]),
    ]);
  }
  if (options !== undefined) return options.filter((option) => (option as z.ZodType).safeParse(value).success).flatMap((option) => textsIn(option, value, field, path));
  if (innerType !== undefined) return textsIn(innerType, value, field, path);
  if (input !== undefined && out !== undefined) return [...textsIn(input, value, field, path), ...(definitionOf(out).type === 'transform' ? [] : textsIn(out, value, field, path))];
  return [];
}

/** The document with another text at one place. */
export function withText<T>(document: T, { path, part }: TextAt, text: string): T {
  const copy = structuredClone(document);
  const last = path.at(-1) as string;
  const parent = path.slice(0, -1).reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], copy) as Record<string, unknown>;
  if (part === 'value') {
    parent[last] = text;
  } else {
    parent[text] = parent[last];
    Reflect.deleteProperty(parent, last);
  }
  return copy;
}

export function valueAt(document: unknown, path: TextAt['path']): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], document);
}

function join(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

function unique(fields: readonly string[]): string[] {
  return [...new Set(fields)];
}
