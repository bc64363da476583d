/** An element of a document, with its texts joined. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

// eslint-disable-next-line no-control-regex -- what XML 1.0 forbids: https://www.w3.org/TR/xml/#charsets
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** A strict parser of the XML that reports are written in: no doctype, no comments but the mark of ours, no processing instructions but the first. Throws for anything else. */
export function parseStrictXml(source: string): XmlElement {
  const bad = FORBIDDEN.exec(source);
  if (bad !== null) throw new Error(`forbidden character at ${bad.index}`);
  const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*(?:<!-- written by proofgrid -->\n)?/.exec(source);
  if (declaration === null) throw new Error('no declaration');
  const parser = new Parser(source, declaration[0].length);
  const root = parser.element();
  parser.end();
  return root;
}

class Parser {
  readonly #source: string;
  #at: number;

  constructor(source: string, at: number) {
    this.#source = source;
    this.#at = at;
  }

  element(): XmlElement {
    const [, name = '', rest = '', closed = ''] = this.#take(/<([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w.-]*="[^"<]*")*)\s*(\/?)>/y, 'a start tag');
    const attributes = attributesOf(rest);
    if (closed === '/') return { name, attributes, children: [], text: '' };
    const children: XmlElement[] = [];
    let text = '';
    for (;;) {
      if (this.#source.startsWith('</', this.#at)) {
        const [, end] = this.#take(/<\/([A-Za-z][\w.-]*)\s*>/y, 'an end tag');
        if (end !== name) throw new Error(`<${name}> is closed by </${String(end)}>`);
        return { name, attributes, children, text };
      }
      if (this.#source.startsWith('<![CDATA[', this.#at)) text += this.#take(/<!\[CDATA\[([\s\S]*?)\]\]>/y, 'CDATA')[1] ?? '';
      else if (this.#source.startsWith('<', this.#at)) children.push(this.element());
      else text += this.#text();
    }
  }

  end(): void {
    if (this.#source.slice(this.#at).trim() !== '') throw new Error(`something follows the root at ${this.#at}`);
  }

  #text(): string {
    const [text] = this.#take(/[^<]+/y, 'text');
    if (text.includes(']]>')) throw new Error('"]]>" in text');
    return decoded(text);
  }

  #take(pattern: RegExp, what: string): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match === null) throw new Error(`expected ${what} at ${this.#at}: ${JSON.stringify(this.#source.slice(this.#at, this.#at + 60))}`);
    this.#at = pattern.lastIndex;
    return match;
  }
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([A-Za-z][\w.-]*)="([^"<]*)"/g)) {
    if (Object.hasOwn(attributes, name)) throw new Error(`attribute ${name} twice`);
    // an unescaped newline or tab would be read as a blank
    if (/[\t\n]/.test(value)) throw new Error(`attribute ${name} is not normalised`);
    attributes[name] = decoded(value);
  }
  return attributes;
}

function decoded(text: string): string {
  return text.replace(/&(?:#x([0-9A-Fa-f]+);|([a-z]+);)?/g, (match, code: string | undefined, name: string | undefined) => {
    const character = code === undefined ? ENTITIES[name ?? ''] : String.fromCodePoint(Number.parseInt(code, 16));
    if (character === undefined) throw new Error(`stray ampersand: ${match}`);
    return character;
  });
}
