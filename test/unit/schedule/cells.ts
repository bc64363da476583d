import type { Weighed } from '../../../harness/schedule/weight.ts';

/** A cell that weighs this many bytes and cores. */
export function weighing(slug: string, memory: number, cpus = 1): Weighed {
  return { slug, machines: [{ name: 'm', roles: ['worker'], cpus, memory }] };
}
