import { ProofgridError } from '../../lifecycle/error.ts';
import { withoutControls } from './text.ts';

export const MASKED = '[masked]';

/** Shorter strings occur by chance; masking them would destroy the journal and protect nothing. */
export const SHORTEST_SECRET = 8;

/** What `base64` (76) and `openssl` and PEM (64) wrap their lines at. */
const WRAPS = [64, 76];

/**
 * Replaces every known form of every known secret. Forms are found by their first characters, so the cost depends on
 * the text's length and not on how many secrets there are.
 */
export class SecretMask {
  readonly #forms = new Map<string, string[]>();
  readonly #known = new Set<string>();

  /** Throws `JOURNAL_SECRET_TOO_SHORT` for fewer than 8 characters. */
  add(secret: string): void {
    if (secret.trim().length < SHORTEST_SECRET) {
      throw new ProofgridError({
        code: 'JOURNAL_SECRET_TOO_SHORT',
        fault: 'usage',
        what: `a secret of fewer than ${SHORTEST_SECRET} characters cannot be masked`,
        remedy: 'use a longer secret',
      });
    }
    if (this.#known.has(secret)) return;
    this.#known.add(secret);
    for (const form of formsOf(secret)) this.#addForm(form);
  }

  apply(text: string): string {
    if (this.#forms.size === 0 || text.length < SHORTEST_SECRET) return text;
    let result = '';
    let copied = 0;
    for (let at = 0; at <= text.length - SHORTEST_SECRET; ) {
      const form = this.#forms.get(text.slice(at, at + SHORTEST_SECRET))?.find((each) => text.startsWith(each, at));
      if (form === undefined) {
        at += 1;
        continue;
      }
      result += text.slice(copied, at) + MASKED;
      at += form.length;
      copied = at;
    }
    return copied === 0 ? text : result + text.slice(copied);
  }

  #addForm(form: string): void {
    const key = form.slice(0, SHORTEST_SECRET);
    const same = this.#forms.get(key) ?? [];
    if (same.includes(form)) return;
    same.push(form);
    same.sort((one, other) => other.length - one.length);
    this.#forms.set(key, same);
  }
}

function formsOf(secret: string): Set<string> {
  const forms = new Set<string>();
  for (const part of [secret, secret.trim(), withoutControls(secret), ...linesOf(secret)]) {
    for (const form of encodingsOf(part)) if (form.length >= SHORTEST_SECRET) forms.add(form);
  }
  return forms;
}

/** A key's lines on their own; its PEM frame says nothing secret. */
function linesOf(secret: string): string[] {
  return secret.split(/\r\n|\r|\n/).map((line) => line.trim()).filter((line) => line.length >= SHORTEST_SECRET && !line.startsWith('-----'));
}

function encodingsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
  return [
    text,
    json,
    JSON.stringify(json).slice(1, -1),
    url,
    url.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    url.replaceAll('%20', '+'),
    ...base64Of(text),
  ];
}

/** Base64 of the text alone, and of its inside wherever it starts in a longer input (0, 1 or 2 bytes into a group of 3). */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const whole = bytes.toString('base64');
  const inside = [0, 1, 2].map((skip) => {
    const start = (3 - skip) % 3;
    const end = start + Math.floor((bytes.length - start) / 3) * 3;
    return bytes.subarray(start, end).toString('base64');
  });
  const all = [whole, ...inside];
  const wrapped = WRAPS.flatMap((width) => (whole.length > width ? (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : []));
  return [...all, ...wrapped].flatMap((each) => [each, each.replace(/=+$/, ''), each.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')]);
}
