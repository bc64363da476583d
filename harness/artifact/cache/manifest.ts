import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { Input } from '../recipe.ts';

const file = z.strictObject({ size: z.int(), mtimeMs: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const manifestSchema = z.strictObject({
  version: z.literal(1),
  kind: z.string(),
  name: z.string(),
  recipe: z.int(),
  inputs: z.unknown(),
  facts: z.record(z.string(), z.string()),
  /** Milliseconds that the build took. */
  durationMs: z.number(),
  /** Path relative to the entry's `files` directory. */
  files: z.record(z.string(), file),
});

export type Manifest = z.infer<typeof manifestSchema>;
/** What a cache that a CI system packs and unpacks keeps of a file's time: ZIP counts in two seconds. */
const TIME_GRAIN_MS = 2_000;
const MANIFEST = 'manifest.json';
export const FILES = 'files';

/** JSON with sorted keys: equal inputs, equal text. */
export function canonical(input: Input): string {
  if (Array.isArray(input)) return `[${input.map((item: Input) => canonical(item)).join(',')}]`;
  if (typeof input !== 'object') return JSON.stringify(input);
  const fields = Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value as Input)}`).join(',')}}`;
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Every regular file below `root`, relative, sorted; a symbolic link in an entry would make it depend on what is outside. */
async function walk(root: string): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const strange = found.find((item) => !item.isFile() && !item.isDirectory());
  if (strange) throw new Error(`${join(strange.parentPath, strange.name)} is neither a file nor a directory`);
  return found.filter((item) => item.isFile()).map((item) => relative(root, join(item.parentPath, item.name))).sort();
}

/** Makes every file below `directory/files` read-only and durable, and describes it in `directory/manifest.json`. */
export async function seal(directory: string, about: Omit<Manifest, 'version' | 'files'>): Promise<Manifest> {
  const root = join(directory, FILES);
  const files: Manifest['files'] = {};
  for (const path of await walk(root)) {
    const handle = await open(join(root, path), 'r');
    try {
      const { mode, size, mtimeMs } = await handle.stat();
      await handle.chmod(mode & 0o111 ? 0o555 : 0o444);
      await handle.sync();
      files[path] = { size, mtimeMs, sha256: await hashFile(join(root, path)) };
    } finally {
      await handle.close();
    }
  }
  const manifest: Manifest = { version: 1, ...about, files };
  await writeFile(join(directory, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await syncDirectory(root);
  await syncDirectory(directory);
  return manifest;
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The entry's manifest when every file is there with the recorded size and time, and with `full` the recorded content
 * too and no other file beside them; undefined when the entry is missing, unreadable or not what was sealed.
 */
export async function verify(directory: string, full = false): Promise<Manifest | undefined> {
  const manifest = await readManifest(directory);
  if (!manifest) return undefined;
  const root = join(directory, FILES);
  for (const [path, expected] of Object.entries(manifest.files)) {
    const seen = await lstat(join(root, path)).catch(() => undefined);
    if (!seen?.isFile() || seen.size !== expected.size) return undefined;
    if (Math.abs(seen.mtimeMs - expected.mtimeMs) >= TIME_GRAIN_MS) return undefined;
    if (full && (await hashFile(join(root, path)).catch(() => undefined)) !== expected.sha256) return undefined;
  }
  if (!full) return manifest;
  const found = await walk(root).catch(() => []);
  return found.every((path) => Object.hasOwn(manifest.files, path)) && found.length === Object.keys(manifest.files).length ? manifest : undefined;
}

/** The manifest's time says when the entry was last used; the files keep theirs. A cache that is read-only keeps no record. */
export async function markUsed(directory: string): Promise<void> {
  const now = new Date();
  await utimes(join(directory, MANIFEST), now, now).catch(() => undefined);
}

export async function exists(directory: string): Promise<boolean> {
  return stat(directory).then(() => true, () => false);
}

/** When the entry was last used; of one without a manifest, when it was made. Undefined when it is gone. */
export async function lastUse(directory: string): Promise<Date | undefined> {
  const found = await stat(join(directory, MANIFEST)).catch(() => stat(directory).catch(() => undefined));
  return found?.mtime;
}

export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')));
  } catch {
    return undefined;
  }
}
