import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Owner } from '../contract.ts';
import type { VolumeResource } from './engine.ts';
import { parseLeaseLabels, type LeaseFacts } from './labels.ts';

/** What changes during a lease's life; kept in its volume because labels cannot change. Decision 0020. */
export interface LeaseState {
  readonly owner: Owner;
  readonly namespace: string;
  readonly expires: Date;
  /** Milliseconds. */
  readonly timeToLive: number;
  readonly kept: boolean;
}

const FILE = 'lease.json';

const stateSchema = z.object({
  owner: z.object({ run: z.string(), pid: z.int().positive(), startTime: z.string(), bootId: z.string() }),
  namespace: z.string(),
  expires: z.iso.datetime().transform((text) => new Date(text)),
  timeToLive: z.number().positive(),
  kept: z.boolean(),
});

/** Whole or not at all: a reader sees the previous state or this one, even after `kill -9`. */
export async function writeLeaseState(mountpoint: string, { owner, namespace, expires, timeToLive, kept }: LeaseState): Promise<void> {
  const draft = join(mountpoint, `${FILE}.${process.pid}.tmp`);
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify({ owner, namespace, expires, timeToLive, kept }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(mountpoint, FILE));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** The lease as it stands now: the labels of its volume, overridden by the state inside; undefined when the labels are not ours. */
export async function readLease(volume: VolumeResource): Promise<LeaseFacts | undefined> {
  const facts = parseLeaseLabels(volume.labels);
  if (facts === undefined) return undefined;
  const state = await readState(volume.mountpoint);
  return { ...facts, ...state };
}

/** None before the first heartbeat is written, or when it cannot be read: then the labels hold. */
async function readState(mountpoint: string): Promise<LeaseState | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(join(mountpoint, FILE), 'utf8')));
  } catch {
    return undefined;
  }
}
