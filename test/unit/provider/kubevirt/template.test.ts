import { expect, test } from 'vitest';
import { fill, parseTemplate, type Values } from '../../../../harness/provider/kubevirt/template.ts';

const filled = (text: string, values: Values) => fill(parseTemplate(text, 'it.yaml'), values).map(({ value }) => value);

test('a placeholder becomes the value, whatever its type', () => {
  expect(filled("a: ${x}\nb: ['${y.z}']\n", { x: { deep: [1] }, y: { z: false } })).toEqual([{ a: { deep: [1] }, b: [false] }]);
});

test('no value changes the structure around it', () => {
  const evil = 'x\nkind: Evil\n---\n# ${lease} "\' {}';
  expect(filled('name: ${x}\nrest: 1\n', { x: evil })).toEqual([{ name: evil, rest: 1 }]);
});

test('an optional placeholder drops its key or its item', () => {
  expect(filled('a: ${x?}\nb: ["${x?}", 1]\nc: ${y?}\n', { y: 0 })).toEqual([{ b: [1], c: 0 }]);
});

test('$when keeps or drops a map, an item, a whole document', () => {
  const text = '$when: ${no}\na: 1\n---\nlist:\n  - $when: ${no}\n    b: 1\n  - $when: ${yes}\n    c: 1\nmap: { $when: "${missing.deep?}", d: 1 }\n';
  expect(filled(text, { no: false, yes: [] })).toEqual([{ list: [{ c: 1 }] }]);
});

test('$list makes a list conditional', () => {
  expect(filled('m:\n  - $when: ${yes}\n    $list: [a, "${b}"]\n', { yes: true, b: 2 })).toEqual([{ m: [['a', 2]] }]);
});

test('$${ is the characters themselves', () => {
  expect(filled('a: $${x}\n', {})).toEqual([{ a: '${x}' }]);
});

test('a value that is used twice is no shared object', () => {
  const [first] = filled('a: ${x}\nb: ${x}\n', { x: { y: 1 } }) as [{ a: object; b: object }];
  expect(first.a).not.toBe(first.b);
});

test('a key such as __proto__ is a key', () => {
  const [first] = filled('__proto__: { polluted: true }\n', {});
  expect(Object.keys(first as object)).toEqual(['__proto__']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('each place is that of the template', () => {
  const [first] = fill(parseTemplate('a:\n  - $when: ${no?}\n    b: 1\n  - c: ${x}\n', 'it.yaml'), { x: { y: 1 } });
  expect(first?.locate(['a', 0, 'c'])).toEqual({ file: 'it.yaml', line: 4, column: 8 });
  expect(first?.locate(['a', 0, 'c', 'y', 'z'])).toEqual({ file: 'it.yaml', line: 4, column: 8 });
});

test.each([
  ['unknown value', 'a:\n  b: ${nope.x}\n', 'it.yaml:2:6: there is no value nope.x; use one of x, or write ${nope.x?} where it may be missing [TEMPLATE_UNKNOWN_VALUE]'],
  ['pasted', 'a: root-${x}\n', 'it.yaml:1:4: "root-${x}" pastes a placeholder into text; make the placeholder the whole value, or write $${ for the characters themselves [TEMPLATE_PASTED]'],
  ['prototype', 'a: ${x.constructor}\n', 'it.yaml:1:4: there is no value x.constructor; use one of x, or write ${x.constructor?} where it may be missing [TEMPLATE_UNKNOWN_VALUE]'],
  ['condition', '$when: true\na: 1\n', 'it.yaml:1:8: $when needs a placeholder; write $when: ${path} [TEMPLATE_CONDITION]'],
  ['syntax', 'a: [1\nb: 2\n', /^it\.yaml:\d:\d+: .*\[TEMPLATE_SYNTAX\]$/],
  ['tag', 'a: !evil 1\n', /^it\.yaml:1:4: .*\[TEMPLATE_SYNTAX\]$/],
  ['duplicate', 'a: 1\na: 2\n', /^it\.yaml:2:1: .*\[TEMPLATE_SYNTAX\]$/],
  ['empty', '', 'it.yaml:1:1: the template holds no document; write one [TEMPLATE_EMPTY]'],
])('a mistake is named with its place: %s', (_, text, message) => {
  expect(() => filled(text, { x: {} })).toThrow(message);
});
