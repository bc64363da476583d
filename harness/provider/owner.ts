import { readFileSync, readlinkSync } from 'node:fs';
import type { Owner } from './contract.ts';

/** `unknown`: the process lives in another pid namespace of this host, so nobody can tell from here. */
export type OwnerState = 'alive' | 'dead' | 'unknown';

/** This process as the owner of leases. */
export function processOwner(run: string): Owner {
  const fields = processFields(process.pid);
  return { run, pid: process.pid, startTime: fields?.startTime ?? '', bootId: bootId() };
}

/** Identifies the pid namespace: the same number means another process in another one (CI jobs in containers). */
export function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

export function ownerState(owner: Owner, namespace: string): OwnerState {
  if (owner.bootId !== bootId()) return 'dead';
  if (namespace !== pidNamespace()) return 'unknown';
  const fields = processFields(owner.pid);
  if (fields === undefined || fields.startTime !== owner.startTime) return 'dead';
  // A killed process stays in the table until its parent collects it, which may be never.
  return fields.state === 'Z' || fields.state === 'X' ? 'dead' : 'alive';
}

/** The same for leases that any host may see: one on another host, or of another boot, has its expiry only. */
export function ownerStateFromAfar(owner: Owner, namespace: string): OwnerState {
  return owner.bootId === bootId() ? ownerState(owner, namespace) : 'unknown';
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** proc(5): the state is field 3 and the start time field 22; the name before them may contain anything, even `) `. */
function processFields(pid: number): { state: string; startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
