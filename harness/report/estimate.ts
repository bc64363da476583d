import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { defaultCacheDirectory } from '../artifact/options.ts';
import type { JournalLine } from '../journal/event.ts';
import { writeAtomically } from './atomic.ts';

/** A cell alone, or with a suite and phase, or with a case too. */
export type EstimateKey = readonly string[];

/** How long things took before. */
export interface Estimates {
  /** @param suites of a cell alone, for a run that has not started: it takes as long as they do. Milliseconds, or undefined for what has never passed here. */
  of(key: EstimateKey, suites?: readonly string[]): number | undefined;
  /** Learns from what passed; the rest says nothing about how long a pass takes. */
  learn(line: JournalLine): void;
  /** Keeps what was learnt for later runs. An estimate is never worth an error: what cannot be kept is forgotten. */
  save(): void;
}

/** Weight of the newest duration in the running average. */
const NEWEST = 0.5;
/** Entries kept, the latest learnt; one cell has about fifty. */
const MOST = 5000;

const fileSchema = z.object({ version: z.literal(1), milliseconds: z.record(z.string(), z.number().nonnegative()) });

/** @param file default: `estimates.json` in the cache directory */
export function openEstimates(file = path.join(defaultCacheDirectory(), 'estimates.json')): Estimates {
  const known = read(file);
  const learnt = new Map<string, number>();
  // A whole cell takes as long as its suites do: `--suite lint` says nothing about all of them.
  const suites = new Map<string, string>();
  const nameOf = (key: EstimateKey, of = suites.get(key[0] ?? '')) => JSON.stringify(key.length === 1 ? [...key, ...[of ?? []].flat()] : key);
  return {
    of(key, planned) {
      return known.get(nameOf(key, planned?.join(',')));
    },
    learn(line) {
      if (line.type === 'run-started') for (const planned of line.cells) suites.set(planned.cell, planned.suites.join(','));
      const key = passedKey(line);
      if (key !== undefined && 'durationMs' in line) learnt.set(nameOf(key), line.durationMs);
    },
    save() {
      // Another run may have written since; only what this run learnt is put on top.
      const all = read(file);
      for (const [key, milliseconds] of learnt) {
        const before = all.get(key) ?? milliseconds;
        all.delete(key);
        all.set(key, Math.round(before + (milliseconds - before) * NEWEST));
      }
      try {
        writeAtomically(file, `${JSON.stringify({ version: 1, milliseconds: Object.fromEntries([...all].slice(-MOST)) })}\n`);
      } catch {
        learnt.clear();
      }
    },
  };
}

function passedKey(line: JournalLine): EstimateKey | undefined {
  if (!('verdict' in line) || line.verdict !== 'passed') return undefined;
  if (line.type === 'cell-finished') return [line.cell];
  if (line.type === 'phase-finished') return [line.cell, line.suite, line.phase];
  if (line.type === 'case-finished') return [line.cell, line.suite, line.phase, line.name];
  return undefined;
}

function read(file: string): Map<string, number> {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return new Map(parsed.success ? Object.entries(parsed.data.milliseconds) : []);
  } catch {
    return new Map();
  }
}
