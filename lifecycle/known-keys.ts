import type { z } from 'zod';
import type { Path } from './location.ts';

/** What of zod's definitions matters here; each kind of schema has some of it. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
}

/** The keys that a map at `path` may have; of all alternatives where there are several. */
export function knownKeys(schema: z.core.$ZodType, path: Path): string[] {
  const { shape, element, valueType, options, innerType, in: input } = schema._zod.def as Definition;
  if (options !== undefined) return [...new Set(options.flatMap((option) => knownKeys(option, path)))];
  const wrapped = innerType ?? input;
  if (wrapped !== undefined) return knownKeys(wrapped, path);
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(shape ?? {});
  const next = shape === undefined ? (element ?? valueType) : Object.hasOwn(shape, step) ? shape[String(step)] : undefined;
  return next === undefined ? [] : knownKeys(next, rest);
}
