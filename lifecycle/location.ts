import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type Node, type Pair } from 'yaml';

/** Keys and indices from the root of a document, as zod reports them. */
export type Path = readonly PropertyKey[];

/** Offset of the value at `path`; where there is none, of the nearest key or value above it. */
export function locateValue(document: Document, path: Path): number {
  return walk(document, path).value;
}

/** Offset of the key that names the value at `path`, and of the value itself where it has no key. */
export function locateKey(document: Document, path: Path): number {
  return walk(document, path).key;
}

function walk(document: Document, path: Path): { key: number; value: number } {
  let node: Node | null = document.contents;
  let found = { key: start(node) ?? 0, value: start(node) ?? 0 };
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    const next: { keyNode?: unknown; node: unknown } | undefined = child(node, step);
    if (next === undefined) return found;
    const key = start(next.keyNode);
    const value = start(next.node) ?? key;
    if (value === undefined) return found;
    // `name:` with nothing behind it: the key is what a person has to look at.
    const empty = isScalar(next.node) && next.node.source === '' && next.node.type === 'PLAIN';
    found = { key: key ?? value, value: empty ? (key ?? value) : value };
    node = isNode(next.node) ? next.node : null;
  }
  return found;
}

function child(node: Node | null, step: PropertyKey): { keyNode?: unknown; node: unknown } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { node: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item: Pair) => String(isScalar(item.key) ? item.key.value : item.key) === String(step));
  return pair && { keyNode: pair.key, node: pair.value };
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
