import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Engine } from './engine.ts';
import { hostUlimits } from './machine-spec.ts';

/** capabilities(7): without it no process may raise a limit or lower its oom_score_adj. */
const CAP_SYS_RESOURCE = 24n;

export interface Setting {
  readonly engine: Engine['name'];
  readonly version: string;
  /** Of the machines' image. */
  readonly digest: string;
  /** By machine. */
  readonly failedUnits: Readonly<Record<string, readonly string[]>>;
}

/** Facts about the machines for the report: what they run on, and what had to be worked around. */
export function leaseProperties({ engine, version, digest, failedUnits }: Setting): Record<string, string> {
  const status = readFileSync('/proc/self/status', 'utf8');
  const limits = hostUlimits(readFileSync('/proc/self/limits', 'utf8'));
  const degraded = Object.entries(failedUnits).filter(([, units]) => units.length > 0);
  return {
    engine,
    'engine-version': version,
    'image-digest': digest,
    kernel: release(),
    'cap-sys-resource': String(hasCapability(status, CAP_SYS_RESOURCE)),
    'ulimit-nofile': String(limits.nofile),
    'ulimit-nproc': String(limits.nproc),
    ...Object.fromEntries(degraded.map(([machine, units]) => [`failed-units-${machine}`, units.join(' ')])),
  };
}

/** From `/proc/<pid>/status`. */
export function hasCapability(status: string, capability: bigint): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> capability) & 1n) === 1n;
}
