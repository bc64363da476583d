import { z } from 'zod';
import type { Owner } from '../contract.ts';
import { ANNOTATION, LABEL, namespaceOf } from './names.ts';
import type { Namespace } from './objects.ts';
import type { RunnerPod } from './render.ts';

export const LEASE_ID = /^[0-9a-f]{12}$/;

/** Added to the namespace by the provider, beside what the template has. */
export const ADMISSION = {
  /** `waiting` or `admitted`; see admission.ts. */
  state: 'proofgrid.dev/admission',
  /** JSON: `Demand`. */
  demand: 'proofgrid.dev/demand',
  /** The API endpoint's address, where the lease has one. */
  virtualAddress: 'proofgrid.dev/virtual-address',
} as const;

/** What a lease's machines need together. */
export interface Demand {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
}

/** A lease as its namespace describes it. */
export interface LeaseFacts {
  readonly id: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly cell: string;
  readonly site: string;
  readonly owner: Owner;
  readonly pidNamespace: string;
  readonly runnerPod?: RunnerPod;
  /** By the API server's clock, like every time here. */
  readonly expires: Date;
  readonly created: Date;
  /** Milliseconds. */
  readonly timeToLive: number;
  readonly kept: boolean;
  readonly machines: readonly string[];
  readonly demand: Demand;
  readonly admitted: boolean;
  readonly virtualAddress?: string;
  /** Since when the namespace is being removed. */
  readonly terminating?: Date;
}

const date = z.iso.datetime().transform((text) => new Date(text));
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'no JSON' });
    return z.NEVER;
  }
});
const annotationsSchema = z.object({
  [ANNOTATION.owner]: json.pipe(
    z.object({
      run: z.string(),
      pid: z.int().positive(),
      startTime: z.string(),
      bootId: z.string(),
      pidNamespace: z.string().default(''),
      runnerPod: z.object({ name: z.string(), namespace: z.string(), uid: z.string() }).optional(),
    }),
  ),
  [ANNOTATION.expires]: date,
  [ANNOTATION.created]: date,
  [ANNOTATION.timeToLive]: z.coerce.number().positive(),
  [ANNOTATION.kept]: z.enum(['true', 'false']),
  [ANNOTATION.machines]: z.string().min(1),
  [ADMISSION.state]: z.enum(['waiting', 'admitted']).default('admitted'),
  [ADMISSION.demand]: json.pipe(z.object({ cpus: z.number(), memory: z.number() })).optional(),
  [ADMISSION.virtualAddress]: z.string().optional(),
});

/** Undefined for a namespace that is not, name and labels and annotations, one of ours: it is not ours to judge. */
export function parseLease({ metadata, status }: Namespace): LeaseFacts | undefined {
  const { labels = {}, annotations = {}, name, uid = '', resourceVersion = '' } = metadata;
  const id = labels[LABEL.lease];
  const site = labels[LABEL.site];
  if (id === undefined || site === undefined || !LEASE_ID.test(id) || name !== namespaceOf(id)) return undefined;
  const { data } = annotationsSchema.safeParse(annotations);
  if (data === undefined) return undefined;
  const { pidNamespace, runnerPod, ...owner } = data[ANNOTATION.owner];
  const virtualAddress = data[ADMISSION.virtualAddress];
  const since = metadata.deletionTimestamp ?? (status?.phase === 'Terminating' ? metadata.creationTimestamp : undefined);
  return {
    id,
    namespace: name,
    uid,
    resourceVersion,
    cell: labels[LABEL.cell] ?? '',
    site,
    owner,
    pidNamespace,
    ...(runnerPod === undefined ? {} : { runnerPod }),
    expires: data[ANNOTATION.expires],
    created: data[ANNOTATION.created],
    timeToLive: data[ANNOTATION.timeToLive],
    kept: data[ANNOTATION.kept] === 'true',
    machines: data[ANNOTATION.machines].split(','),
    demand: data[ADMISSION.demand] ?? { cpus: 0, memory: 0 },
    admitted: data[ADMISSION.state] === 'admitted',
    ...(virtualAddress === undefined ? {} : { virtualAddress }),
    ...(since === undefined ? {} : { terminating: new Date(since) }),
  };
}

/** Annotations of a renewed lease. */
export function renewal(owner: Owner & { pidNamespace: string; runnerPod?: RunnerPod }, now: Date, timeToLive: number, kept: boolean): Record<string, string> {
  return {
    [ANNOTATION.owner]: JSON.stringify(owner),
    [ANNOTATION.heartbeat]: now.toISOString(),
    [ANNOTATION.expires]: new Date(now.getTime() + timeToLive).toISOString(),
    [ANNOTATION.timeToLive]: String(timeToLive),
    [ANNOTATION.kept]: String(kept),
  };
}
