import { expect, test } from 'vitest';
import { parseManifest } from '../../../lifecycle/manifest.ts';

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n';
const faults = (text: string) => parseManifest(text, 'm.yaml').problems.map(({ message }) => message);

test('plain scalars are read as kubectl reads them', () => {
  const { objects, problems } = parseManifest(`${OBJECT}spec:
  v: [y, n, Y, yes, on, off, No, "true", true, 0777, 0o777, 0b11, 1_000, 2024-01-01, 12:30, 12:30:45, 22:22, =, +1, .5, 5., 1e3, 0x1F, ~, Null, 1.0, -0, 0.1e1, 2024-01-01T00:00:00Z, 08, <<, 'x', !!str 5, "", 1__0, 0x_1, 0_7, -0b1, 1_0.5]
  m: {<<: {a: 1}, b: 2, 5: x, true: z, 1.5: q}
  e:
`, 'm.yaml');
  expect(problems).toEqual([]);
  // \`kubectl annotate --local -o json\` of 1.20.2, 1.34.4 and 1.37.2 prints exactly this.
  expect(JSON.parse(JSON.stringify(objects[0]?.spec))).toEqual({
    v: [true, false, true, true, true, false, false, 'true', true, 511, 511, 3, 1000, '2024-01-01', '12:30', '12:30:45', '22:22', '=', 1, 0.5, 5, 1000, 31, null, null, 1, 0, 1, '2024-01-01T00:00:00Z', 8, '<<', 'x', '5', '', 10, 1, 7, -1, 10.5],
    m: { a: 1, b: 2, 5: 'x', true: 'z', 1.5: 'q' },
    e: null,
  });
});

test('several documents, lists, a byte order mark, comments and JSON are read', () => {
  const list = '---\napiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: A, metadata: {name: a}}\n  - {apiVersion: v1, kind: B, metadata: {name: b}}\n---\n# nothing\n';
  expect(parseManifest(`\uFEFF${OBJECT}${list}`, 'm.yaml').objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'A', 'B']);
  expect(parseManifest(`\uFEFF---\n${OBJECT}`, 'm.yaml')).toMatchObject({ objects: [{ kind: 'ConfigMap' }], problems: [] });
  expect(parseManifest('{"apiVersion":"v1","kind":"C","metadata":{"name":"c"}}', 'm.yaml').objects).toHaveLength(1);
});

test('templates of other programs are texts', () => {
  const { objects } = parseManifest(`${OBJECT}data: {a: "{{ .Values.x }}", b: "{% raw %}", c: "{# x #}"}\n`, 'm.yaml');
  expect(objects[0]?.data).toEqual({ a: '{{ .Values.x }}', b: '{% raw %}', c: '{# x #}' });
});

test.each([
  ['a broken document', 'a: [\n', /^m\.yaml:2:1: .*\[MANIFEST_SYNTAX\]$/],
  ['a key twice', `${OBJECT}kind: Secret\n`, /^m\.yaml:4:1: .*unique.*\[MANIFEST_SYNTAX\]$/],
  ['an unknown tag', `${OBJECT}spec: !vault x\n`, /^m\.yaml:4:7: .*\[MANIFEST_SYNTAX\]$/],
  ['a number that JSON has not', `${OBJECT}spec: {x: .inf}\n`, /^m\.yaml:4:11: JSON has no \.inf; .*\[MANIFEST_SYNTAX\]$/],
  ['an integer that would be another', `${OBJECT}spec: {x: 9007199254740993}\n`, /^m\.yaml:4:11: 9007199254740993 is an integer .*\[MANIFEST_SYNTAX\]$/],
  ['no kind', 'apiVersion: v1\nmetadata: {name: x}\n', /^m\.yaml:1:1: "kind" is missing in the document; add it \[MANIFEST_INVALID\]$/],
  ['an empty kind', 'apiVersion: v1\nkind: ""\nmetadata: {name: x}\n', /^m\.yaml:2:7: kind: must not be empty; .*\[MANIFEST_INVALID\]$/],
  ['a generated name', 'apiVersion: v1\nkind: A\nmetadata: {generateName: x}\n', /^m\.yaml:3:1: "name" is missing in metadata; add it \[MANIFEST_INVALID\]$/],
  ['a name that is a number', 'apiVersion: v1\nkind: A\nmetadata: {name: 101}\n', /^m\.yaml:3:18: metadata\.name: .*put it in quotes.*\[MANIFEST_INVALID\]$/],
  ['an item of a list', 'kind: List\napiVersion: v1\nitems:\n  - {kind: A, apiVersion: v1}\n', /^m\.yaml:4:5: "metadata" is missing.*\[MANIFEST_INVALID\]$/],
  ['no object', 'hello\n', /^m\.yaml:1:1: .*expected object.*\[MANIFEST_INVALID\]$/],
  ['nothing', '# comment\n---\n', /^m\.yaml:1:1: m\.yaml has no object; .*\[MANIFEST_EMPTY\]$/],
])('%s is told with its place', (_title, text, message) => {
  expect(faults(text)).toEqual([expect.stringMatching(message)]);
});
