import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { SecretMask } from '../journal/mask.ts';

/** Shorter strings would mask innocent text. */
const SHORTEST_SECRET = 16;

/**
 * Every secret string in a directory of secrets: the body lines of private keys, keys that are bare words (the one that
 * encrypts Secrets at rest), and what other files name as key, token, secret or password. Used to mask journals and evidence.
 */
export async function readSecrets(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const secrets = await Promise.all(files.filter(mayHoldSecrets).map(async (file) => secretsOf(await readFile(file, 'utf8'), path.basename(file))));
  return [...new Set(secrets.flat())];
}

function mayHoldSecrets(file: string): boolean {
  return !/\.(crt|pub|srl)$|known_hosts/.test(file);
}

/** Exported for its test: what of a file's text has to be masked. */
export function secretsOf(text: string, name = ''): string[] {
  const keys = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----([\s\S]*?)-----END/g)];
  if (keys.length > 0) return keys.flatMap(([, body = '']) => longWords(body));
  if (name.endsWith('.key')) return longWords(text);
  const embedded = [...text.matchAll(/(?:key-data|token|secret|password)["']?:\s*["']?([^\s"',]+)/gi)].flatMap(([, value = '']) => longWords(value));
  return embedded;
}

function longWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word.length >= SHORTEST_SECRET);
}

/** What replaces every secret in a text, in whatever encoding it comes. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const mask = new SecretMask();
  for (const secret of secrets) mask.add(secret);
  return (text) => mask.apply(text);
}
