import type { LeaseFacts } from '../../../../harness/provider/kubevirt/lease.ts';

const NOON = new Date('2026-11-23T12:00:00Z');

export const at = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1000);

/** A lease of one core and one byte-counted gibibyte, made at noon, renewed until two minutes past. */
export function lease(change: Partial<LeaseFacts> = {}): LeaseFacts {
  const id = change.id ?? '000000000001';
  return {
    id,
    ...{ namespace: `proofgrid-${id}`, uid: 'uid', resourceVersion: '1', cell: 'small', site: 'lab' },
    owner: { run: 'run', pid: 1, startTime: '1', bootId: 'elsewhere' },
    pidNamespace: 'pid:[1]',
    ...{ created: at(0), expires: at(120), timeToLive: 120_000, kept: false, machines: ['a'] },
    demand: { cpus: 1, memory: 2 ** 30 },
    admitted: true,
    ...change,
  };
}
