import { expect, test } from 'vitest';
import { z } from 'zod';
import { DocumentError, parseDocument, readDocument } from '../../../lifecycle/document.ts';

const schema = z.strictObject({
  name: z.string(),
  size: z.int().min(1).default(3),
  source: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('file'), path: z.string() }),
    z.strictObject({ type: z.literal('url'), url: z.url() }),
  ]).optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  items: z.array(z.strictObject({ id: z.string() })).default([]),
  labels: z.record(z.string().regex(/^[a-z]+$/), z.string()).optional(),
}).superRefine(({ items }, context) => {
  items.forEach(({ id }, index) => {
    if (id === 'bad') context.addIssue({ code: 'custom', path: ['items', index, 'id'], message: 'bad is not allowed' });
  });
});

function mistakes(text: string): string[] {
  try {
    parseDocument(text, 'x.yaml', schema);
  } catch (error) {
    if (error instanceof DocumentError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('a valid document comes back with its defaults, and says where each value stands', () => {
  const { value, locate } = parseDocument('name: a\nitems:\n  - id: one\n  -   id: two\n', 'x.yaml', schema);
  expect(value).toMatchObject({ name: 'a', size: 3 });
  expect(locate(['items', 1, 'id'])).toEqual({ file: 'x.yaml', line: 4, column: 11 });
  expect(locate(['size'])).toEqual({ file: 'x.yaml', line: 1, column: 1 });
});

test.each([
  ['unknown key', 'name: a\nsise: 3\n', 'x.yaml:2:1: unknown key "sise" in the document; did you mean size? [DOCUMENT_UNKNOWN_KEY]'],
  ['unknown key within', 'name: a\nitems:\n  - id: b\n    colour: 3\n', 'x.yaml:4:5: unknown key "colour" in items[0]; remove it, or correct its spelling [DOCUMENT_UNKNOWN_KEY]'],
  ['wrong type', 'name: a\nsize: many\n', 'x.yaml:2:7: size: expected number, received string [DOCUMENT_INVALID_VALUE]'],
  ['version read as a number', 'name: 1.30\n', 'x.yaml:1:7: name: expected string, received number; put it in quotes: YAML reads it as something else [DOCUMENT_INVALID_VALUE]'],
  ['empty value', 'size: 1\nname:\n', 'x.yaml:2:1: name: expected string, received null [DOCUMENT_INVALID_VALUE]'],
  ['missing key', 'size: 1\n', 'x.yaml:1:1: "name" is missing in the document; add it [DOCUMENT_MISSING_KEY]'],
  ['missing key within', 'name: a\nitems:\n  - {}\n', 'x.yaml:3:5: "id" is missing in items[0]; add it [DOCUMENT_MISSING_KEY]'],
  ['duplicate key', 'name: a\nsize: 1\nname: b\n', 'x.yaml:3:1: a key stands twice in the same map; keep one of them [DOCUMENT_DUPLICATE_KEY]'],
  ['no such alternative', 'name: a\nsource:\n  type: disk\n', 'x.yaml:3:9: source.type: must be one of "file", "url" [DOCUMENT_INVALID_VALUE]'],
  ['within an alternative', 'name: a\nsource:\n  type: file\n  pth: /x\n', 'x.yaml:2:1: "path" is missing in source; add it [DOCUMENT_MISSING_KEY]'],
  ['no member of a union', 'name: a\naddress: here\n', 'x.yaml:2:10: address: Invalid IPv4 address [DOCUMENT_INVALID_VALUE]'],
  ['semantic', 'name: a\nitems: [{id: ok}, {id: bad}]\n', 'x.yaml:2:24: items[1].id: bad is not allowed [DOCUMENT_INVALID_VALUE]'],
  ['bad record key', 'name: a\nlabels:\n  Upper: b\n', 'x.yaml:3:3: key labels.Upper: Invalid string: must match pattern /^[a-z]+$/ [DOCUMENT_INVALID_KEY]'],
  ['not a map', '[]\n', 'x.yaml:1:1: the document: expected object, received array [DOCUMENT_INVALID_VALUE]'],
  ['empty', '', 'x.yaml:1:1: the document: expected object, received null [DOCUMENT_INVALID_VALUE]'],
  ['two documents', 'name: a\n---\nname: b\n', /^x\.yaml:2:1: .*multiple documents.*\[DOCUMENT_SYNTAX\]$/],
  ['broken syntax', 'name: [a\n', /^x\.yaml:\d+:\d+: .*\[DOCUMENT_SYNTAX\]$/],
  ['unknown tag', 'name: !vault a\n', /^x\.yaml:1:7: .*!vault.*\[DOCUMENT_SYNTAX\]$/],
  ['unresolved alias', 'name: *a\n', /^x\.yaml:1:\d+: .*alias.*\[DOCUMENT_SYNTAX\]$/],
  ['prototype key', 'name: a\n__proto__: {size: 1}\n', 'x.yaml:2:1: unknown key "__proto__" in the document; remove it, or correct its spelling [DOCUMENT_UNKNOWN_KEY]'],
])('%s', (_title, text, expected) => {
  const [first] = mistakes(text);
  if (expected instanceof RegExp) expect(first).toMatch(expected);
  else expect(first).toBe(expected);
});

test('every mistake is told, in the order of the file', () => {
  expect(mistakes('size: 0\nwrong: 1\nitems: 3\n')).toEqual([
    expect.stringMatching(/^x\.yaml:1:1: "name" is missing/),
    expect.stringMatching(/^x\.yaml:1:7: size: /),
    expect.stringMatching(/^x\.yaml:2:1: unknown key "wrong"/),
    expect.stringMatching(/^x\.yaml:3:8: items: /),
  ]);
});

test.each([
  ['thousands of brackets', '['.repeat(20_000)],
  ['a document that contains itself', 'name: a\nitems: &a [*a]\n'],
  ['a billion laughs', `name: a\na: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f'].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcde'[index]}`).join(',')}]`).join('\n')}\n`],
])('%s is a located error and not a crash', (_title, text) => {
  expect(mistakes(text)[0]).toMatch(/^x\.yaml:\d+:\d+: .*\[DOCUMENT_\w+\]$/);
});

test('a file that cannot be read is named', async () => {
  await expect(readDocument('/nowhere/x.yaml', schema)).rejects.toMatchObject({ code: 'DOCUMENT_UNREADABLE', fault: 'usage' });
});
