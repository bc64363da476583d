import type { Verdict } from '../journal/event.ts';
import { symbolOf } from './paint.ts';
import { visible } from './visible.ts';

/** HTML that is safe to put into a page. Only `markup` and `trusted` make it. */
export class Markup {
  readonly html: string;

  private constructor(html: string) {
    this.html = html;
  }

  static trusted(html: string): Markup {
    return new Markup(html);
  }
}

type Value = string | Markup | readonly Markup[];

/** A template in which every value that is no markup itself is escaped, for text and for quoted attributes alike. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = strings.map((text, index) => text + htmlOf(values[index] ?? ''));
  return Markup.trusted(parts.join(''));
}

function htmlOf(value: Value): string {
  if (typeof value === 'string') return escaped(value);
  if (value instanceof Markup) return value.html;
  return value.map(({ html }) => html).join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

function escaped(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/** A verdict by colour, sign and word, so that nobody depends on one of them. */
export function badge(verdict: Verdict): Markup {
  return markup`<span class="badge ${verdict}">${symbolOf(verdict)} ${verdict}</span>`;
}

/** A link to a file below the run directory; each part is encoded, so no name can become a scheme or climb out. */
export function evidenceLink(base: string, path: string, title: string): Markup {
  const parts = path.split('/');
  if (path.startsWith('/') || parts.includes('..')) return markup`<span>${title}</span>`;
  const encoded = [...base.split('/'), ...parts].filter((part) => part !== '').map((part) => encodeURIComponent(visible(part)));
  // "./" keeps a first part like `javascript%3A` a path.
  return markup`<a href="./${encoded.join('/')}">${title}</a>`;
}
