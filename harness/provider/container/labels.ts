import { z } from 'zod';
import type { Owner } from '../contract.ts';

/** On every resource of a lease. What does not carry it is not ours. */
export const LEASE_LABEL = 'dev.proofgrid.lease';
export const LEASE_ID = /^[0-9a-f]{12}$/;

export type Labels = Readonly<Record<string, string>>;

/** What every resource of a lease says about it, from the moment it exists. */
export interface LeaseFacts {
  readonly id: string;
  readonly cell: string;
  readonly owner: Owner;
  /** Pid namespace of the owner; see owner.ts. */
  readonly namespace: string;
  readonly created: Date;
  /** As of the creation; the lease volume has the renewed one. */
  readonly expires: Date;
  readonly machines: readonly string[];
  readonly kept: boolean;
  /** Milliseconds. */
  readonly timeToLive: number;
}

const PREFIX = 'dev.proofgrid.';

export function leaseLabels(facts: LeaseFacts): Labels {
  return labelled({
    lease: facts.id,
    cell: facts.cell,
    run: facts.owner.run,
    pid: String(facts.owner.pid),
    'start-time': facts.owner.startTime,
    'boot-id': facts.owner.bootId,
    'pid-namespace': facts.namespace,
    created: facts.created.toISOString(),
    expires: facts.expires.toISOString(),
    machines: facts.machines.join('/'),
    kept: String(facts.kept),
    'time-to-live': String(facts.timeToLive),
  });
}

/** Facts of one kind of resource: a network's addresses, a machine's name. */
export function labelled(facts: Readonly<Record<string, string>>): Labels {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [PREFIX + name, encode(value)]));
}

export function labelOf(labels: Labels, name: string): string | undefined {
  const value = labels[PREFIX + name];
  return value === undefined ? undefined : decode(value);
}

const date = z.iso.datetime().transform((text) => new Date(text));
const factsSchema = z.object({
  lease: z.string().regex(LEASE_ID),
  cell: z.string(),
  run: z.string(),
  pid: z.coerce.number().int().positive(),
  'start-time': z.string(),
  'boot-id': z.string(),
  'pid-namespace': z.string(),
  created: date,
  expires: date,
  machines: z.string().min(1),
  kept: z.enum(['true', 'false']),
  'time-to-live': z.coerce.number().positive(),
});

/** Undefined for labels that we did not write: such a resource is not ours to judge. */
export function parseLeaseLabels(labels: Labels): LeaseFacts | undefined {
  const named = Object.fromEntries(Object.keys(factsSchema.shape).map((name) => [name, labelOf(labels, name)]));
  const { data } = factsSchema.safeParse(named);
  if (data === undefined) return undefined;
  return {
    id: data.lease,
    cell: data.cell,
    owner: { run: data.run, pid: data.pid, startTime: data['start-time'], bootId: data['boot-id'] },
    namespace: data['pid-namespace'],
    created: data.created,
    expires: data.expires,
    machines: data.machines.split('/'),
    kept: data.kept === 'true',
    timeToLive: data['time-to-live'],
  };
}

/** podman reads a volume's `--label` as CSV, so commas and quotes must not reach it. */
function encode(value: string): string {
  return value.replaceAll(/[%,"'=\\\s\p{Cc}]/gu, encodeURIComponent).replaceAll("'", '%27');
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
