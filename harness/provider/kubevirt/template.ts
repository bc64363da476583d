import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import { ProofgridError, type Location } from '../../../lifecycle/error.ts';
import type { Path } from '../../../lifecycle/location.ts';

/**
 * Templates are YAML that is filled by structure: a scalar that is wholly `${path}` becomes the value of any type at that
 * path; `${path?}` drops its key or item where there is none; a map with `$when` vanishes unless its value is truthy, and
 * one with `$list` beside it is that list. Text is never pasted, so no value can change the structure around it.
 */
export interface Template {
  readonly file: string;
  readonly documents: readonly Document[];
  readonly locate: (node: Node | null | undefined) => Location;
}

export type Values = Readonly<Record<string, unknown>>;

export interface Filled {
  readonly value: unknown;
  /** Where in the template the value at `path`, or its nearest ancestor, comes from. */
  readonly locate: (path: Path) => Location;
}

const PLACEHOLDER = /^\$\{([A-Za-z][\w.-]*)(\?)?\}$/;
const DROPPED = Symbol('dropped');

export function readTemplate(file: string): Template {
  return parseTemplate(readFileSync(file, 'utf8'), file);
}

/** Throws `TEMPLATE_SYNTAX` with the place of the first mistake. */
export function parseTemplate(text: string, file: string): Template {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, version: '1.2', logLevel: 'error' });
  const at = (offset: number): Location => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (documents.length === 0) throw templateError('TEMPLATE_EMPTY', at(0), 'the template holds no document', 'write one');
  const [mistake] = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  if (mistake !== undefined) throw templateError('TEMPLATE_SYNTAX', at(mistake.pos[0]), mistake.message, 'write it as YAML 1.2');
  return { file, documents: [...documents], locate: (node) => at(node?.range?.[0] ?? 0) };
}

/** One value for each document whose `$when` holds. Throws `TEMPLATE_*` with the place. */
export function fill(template: Template, values: Values): Filled[] {
  return template.documents.flatMap((document) => {
    const places = new Map<string, Location>();
    const value = new Filling(template, document, values, places).node(document.contents as Node | null, []);
    if (value === DROPPED) return [];
    const locate = (path: Path): Location => {
      for (let length = path.length; length > 0; length -= 1) {
        const place = places.get(keyOf(path.slice(0, length)));
        if (place !== undefined) return place;
      }
      return places.get(keyOf([])) ?? template.locate(document.contents as Node | null);
    };
    return [{ value, locate }];
  });
}

class Filling {
  private readonly template: Template;
  private readonly document: Document;
  private readonly values: Values;
  private readonly places: Map<string, Location>;

  constructor(template: Template, document: Document, values: Values, places: Map<string, Location>) {
    this.template = template;
    this.document = document;
    this.values = values;
    this.places = places;
  }

  node(node: Node | null, path: Path): unknown {
    this.places.set(keyOf(path), this.template.locate(node));
    if (isAlias(node)) return this.node(node.resolve(this.document) ?? null, path);
    if (isSeq(node)) return this.list(node.items as (Node | null)[], path);
    if (isMap(node)) return this.map(node.items as { key: Node; value: Node | null }[], path);
    return isScalar(node) ? this.scalar(node, node.value) : null;
  }

  private list(items: readonly (Node | null)[], path: Path): unknown[] {
    const list: unknown[] = [];
    for (const item of items) {
      const value = this.node(item, [...path, list.length]);
      if (value !== DROPPED) list.push(value);
    }
    return list;
  }

  private map(pairs: readonly { key: Node; value: Node | null }[], path: Path): unknown {
    const map: Record<string, unknown> = {};
    let list: unknown;
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : undefined;
      if (name === undefined) throw templateError('TEMPLATE_KEY', this.template.locate(key), 'a key is no plain word', 'write a plain word');
      if (name === '$when') {
        const condition = this.condition(value);
        if (condition) continue;
        return DROPPED;
      }
      if (name === '$list') {
        list = this.node(value, path);
        continue;
      }
      const filled = this.node(value, [...path, name]);
      this.places.set(keyOf([...path, name]), this.template.locate(value?.range === undefined ? key : value));
      if (filled !== DROPPED) Object.defineProperty(map, name, { value: filled, enumerable: true, writable: true, configurable: true });
    }
    return list ?? map;
  }

  /** A condition may name what is not there: that is what it asks. */
  private condition(node: Node | null): boolean {
    const path = isScalar(node) && typeof node.value === 'string' ? PLACEHOLDER.exec(node.value)?.[1] : undefined;
    if (path === undefined) throw templateError('TEMPLATE_CONDITION', this.template.locate(node), '$when needs a placeholder', 'write $when: ${path}');
    return Boolean(valueAt(this.values, path));
  }

  private scalar(node: Node, value: unknown): unknown {
    if (typeof value !== 'string' || !value.includes('${')) return value;
    if (value.startsWith('$${')) return value.slice(1);
    const [, path, optional] = PLACEHOLDER.exec(value) ?? [];
    const place = this.template.locate(node);
    if (path === undefined) {
      throw templateError('TEMPLATE_PASTED', place, `${JSON.stringify(value)} pastes a placeholder into text`, 'make the placeholder the whole value, or write $${ for the characters themselves');
    }
    const found = valueAt(this.values, path);
    if (found !== undefined) return structuredClone(found);
    if (optional !== undefined) return DROPPED;
    throw templateError('TEMPLATE_UNKNOWN_VALUE', place, `there is no value ${path}`, `use one of ${Object.keys(this.values).sort().join(', ')}, or write \${${path}?} where it may be missing`);
  }
}

function valueAt(values: Values, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Values)[step] : undefined, values);
}

function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

function templateError(code: string, where: Location, what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code, fault: 'usage', what, where, remedy });
}
