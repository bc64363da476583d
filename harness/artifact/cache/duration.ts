import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Recipe } from '../recipe.ts';

const REMEMBERED = 5;

const fileOf = (directory: string, { kind, name }: Recipe) =>
  join(directory, `${kind}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}.json`);

/** Milliseconds that earlier builds took, oldest first. A lost or broken record costs an estimate, never a build. */
async function recorded(directory: string, recipe: Recipe): Promise<number[]> {
  try {
    const parsed: unknown = JSON.parse(await readFile(fileOf(directory, recipe), 'utf8'));
    return Array.isArray(parsed) ? parsed.filter((item): item is number => Number.isFinite(item)) : [];
  } catch {
    return [];
  }
}

/** Milliseconds: the median of the last builds here, else the recipe's own guess. */
export async function estimate(directory: string, recipe: Recipe): Promise<number> {
  const durations = (await recorded(directory, recipe)).sort((a, b) => a - b);
  return durations[durations.length >> 1] ?? recipe.estimateMs;
}

export async function remember(directory: string, recipe: Recipe, durationMs: number): Promise<void> {
  await keep(directory, recipe, durationMs).catch(() => undefined);
}

async function keep(directory: string, recipe: Recipe, durationMs: number): Promise<void> {
  await mkdir(directory, { recursive: true });
  const durations = [...(await recorded(directory, recipe)), Math.round(durationMs)].slice(-REMEMBERED);
  const file = fileOf(directory, recipe);
  await writeFile(`${file}.${process.pid}`, JSON.stringify(durations));
  await rename(`${file}.${process.pid}`, file);
}
