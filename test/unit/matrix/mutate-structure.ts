import { Alias, isMap, isScalar, isSeq, parseDocument, visit, type Document, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Random } from './random.ts';

type StructuralMutation = (document: Document, random: Random) => void;

const STRANGE: readonly (() => unknown)[] = [
  () => 1.3, () => -1, () => 0, () => Number.NaN, () => Number.POSITIVE_INFINITY, () => 1e300, () => true, () => null, () => '',
  () => ' ', () => '\0', () => 'x'.repeat(5000), () => '../../etc/passwd', () => '$(reboot)', () => '>=1.24', () => '<', () => '>=x.y',
  () => '9'.repeat(400), () => '3Gi', () => '0Ki', () => [], () => [[]], () => ({}), () => ({ os: 'debian-12' }), () => ({ __proto__: null }),
  () => 'debian-13', () => 'docker', () => 'all', () => '1.34.1', () => '3.5.16', () => ['debian-13'], () => 'manifest',
];
const KEYS = ['oss', 'name', 'version', 'source', 'upstream', 'default', 'values', '__proto__', 'constructor', 'toString', '', 'exclude', 'x y'];

function nodes<T extends Node>(document: Document, is: (node: unknown) => node is T): T[] {
  const found: T[] = [];
  visit(document, { Node: (_key, node) => void (is(node) && found.push(node)) });
  return found;
}

function onScalar(change: (scalar: Scalar, random: Random, document: Document) => void): StructuralMutation {
  return (document, random) => change(random.pick(nodes(document, isScalar)), random, document);
}

function onMap(change: (map: YAMLMap, random: Random, document: Document) => void): StructuralMutation {
  return (document, random) => change(random.pick(nodes(document, isMap).filter(({ items }) => items.length > 0)), random, document);
}

function onSeq(change: (seq: YAMLSeq, random: Random, document: Document) => void): StructuralMutation {
  return (document, random) => change(random.pick(nodes(document, isSeq).filter(({ items }) => items.length > 0)), random, document);
}

const swap = (items: unknown[], random: Random) => {
  const [one, other] = [random.below(items.length), random.below(items.length)];
  [items[one], items[other]] = [items[other], items[one]];
};

/** What a wrong idea of the format does to a file, and what changes nothing but the order or the notation. */
const mutations: readonly StructuralMutation[] = [
  onScalar((scalar, random) => void (scalar.value = random.pick(STRANGE)())),
  onScalar((scalar, random, document) => {
    const other = random.pick(nodes(document, isScalar));
    [scalar.value, other.value] = [other.value, scalar.value];
  }),
  onScalar((scalar, random) => {
    const text = String(scalar.value);
    const at = random.below(text.length + 1);
    scalar.value = `${text.slice(0, at)}${random.pick(['', 'x', '-', '.', '1', text.slice(at, at + 1).repeat(2)])}${text.slice(at + 1)}`;
  }),
  onMap((map, random) => void map.items.splice(random.below(map.items.length), 1)),
  onMap((map, random, document) => void map.items.push(document.createPair(random.pick(KEYS), random.pick(STRANGE)()))),
  onMap((map, random, document) => {
    const pair: Pair = random.pick(map.items);
    pair.value = document.createNode(random.pick(STRANGE)());
  }),
  onMap((map, random, document) => void (random.pick(map.items).key = document.createNode(random.pick(KEYS)))),
  onMap((map, random) => swap(map.items, random)),
  onSeq((seq, random) => void seq.items.splice(random.below(seq.items.length), 1)),
  onSeq((seq, random) => void seq.items.push(random.pick(seq.items))),
  onSeq((seq, random, document) => void seq.items.push(document.createNode(random.pick(STRANGE)()))),
  onSeq((seq, random) => swap(seq.items, random)),
  onSeq((seq) => void (seq.flow = seq.flow !== true)),
  (document, random) => {
    const anchored = random.pick(nodes(document, (node): node is YAMLMap | YAMLSeq => isMap(node) || isSeq(node)));
    anchored.anchor = 'a';
    random.pick(nodes(document, isMap)).items.push(document.createPair(random.pick([...KEYS, '<<']), new Alias('a')));
  },
];

let latest = { text: '', document: parseDocument('') };

/** Nearly every mutant starts from the shipped file: parsing it once halves the time of the test. */
function parsed(text: string): Document {
  if (latest.text !== text) latest = { text, document: parseDocument(text, { logLevel: 'silent' }) };
  return latest.document;
}

/** Undefined where the text is no YAML any more, or nothing is left to change. */
export function mutateStructure(text: string, random: Random): string | undefined {
  const document = parsed(text).clone();
  if (document.errors.length > 0 || nodes(document, isMap).length === 0 || nodes(document, isSeq).length === 0) return undefined;
  try {
    random.pick(mutations)(document, random);
    return document.toString();
  } catch {
    // the library refuses to write some of the nonsense, such as an alias before its anchor
    return undefined;
  }
}

/** Bombs: what must cost neither the memory nor the stack. */
export const BOMBS: Readonly<Record<string, string>> = {
  aliases: `${Array.from({ length: 30 }, (_, index) => `x${index}: &x${index} [${index === 0 ? '1' : `*x${index - 1}, `.repeat(9)}]`).join('\n')}\n`,
  brackets: '['.repeat(100_000),
  braces: '{a: '.repeat(20_000),
  indentation: Array.from({ length: 3000 }, (_, index) => `${' '.repeat(index)}a:`).join('\n'),
  loop: 'axes: &a\n  os: *a\n',
  empty: '',
  comment: '# nothing\n',
  documents: 'a: 1\n---\nb: 2\n',
};
