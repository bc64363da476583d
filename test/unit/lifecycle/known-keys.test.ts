import { expect, test } from 'vitest';
import { z } from 'zod';
import { knownKeys } from '../../../lifecycle/known-keys.ts';

const schema = z.strictObject({
  list: z.array(z.strictObject({ id: z.string() })).default([]),
  map: z.record(z.string(), z.strictObject({ size: z.number() })).optional(),
  either: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('a'), one: z.string() }),
    z.strictObject({ type: z.literal('b'), two: z.string() }),
  ]),
  text: z.string(),
});

test.each([
  [[], ['list', 'map', 'either', 'text']],
  [['list', 3], ['id']],
  [['map', 'any'], ['size']],
  [['either'], ['type', 'one', 'two']],
  [['text'], []],
  [['absent', 'deep'], []],
  [['toString'], []],
])('at %j', (path, expected) => {
  expect(knownKeys(schema, path)).toEqual(expected);
});
