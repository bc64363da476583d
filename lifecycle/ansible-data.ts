/** What ansible's decoders take for something of their own, wherever it is a key: `__ansible_vault`, `__ansible_unsafe`. */
const ANSIBLE_KEY = /^__ansible_/;

/**
 * A value as JSON that ansible takes as it is written. Ansible templates every text of an inventory and of a variables
 * file, but for those that are marked: docs/decisions/0210-input-is-data.md
 */
export function ansibleJson(value: unknown): string {
  return `${JSON.stringify(marked(value), undefined, 2)}\n`;
}

/**
 * A text of an inventory. Mitogen cannot send a marked one, so a text that Ansible would template is written as the
 * template of itself, which Ansible evaluates once.
 */
export function inventoryText(text: string): string {
  if (!/\{[{%#]/.test(text)) return text;
  return `{{ '${Buffer.from(text).toString('base64')}' | b64decode }}`;
}

function marked(value: unknown): unknown {
  if (typeof value === 'string') return { __ansible_unsafe: value };
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => {
    if (ANSIBLE_KEY.test(key)) throw new Error(`the key ${key} would be read as one of Ansible's own`);
    return [key, marked(inner)];
  }));
}
