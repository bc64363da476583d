import { createHash } from 'node:crypto';
import { ApiError, type ApiClient, type ApiObject } from '../api-client.ts';
import type { Backend } from './backend.ts';
import type { Cache } from './cache.ts';

/** What goes wrong with one machine, as KubeVirt and CDI would report it. */
export type Fault =
  /** No node has room: the pod stays Pending, PodScheduled is False with the reason Unschedulable. */
  | 'never-scheduled'
  /** No volume is ever provisioned for its claims. */
  | 'claim-pending'
  /** CDI's importer fails, is started again, fails. */
  | 'import-fails'
  /** The pod has a node, and its containers never start. */
  | 'never-starts'
  /** The domain runs, no interface ever has an address. */
  | 'no-address'
  /** The guest boots, cloud-init never finishes, and the guest agent never connects. */
  | 'cloud-init-hangs'
  /** The storage cannot make a snapshot; KubeVirt tries until its deadline. */
  | 'snapshot-fails'
  /** The storage cannot make a disk out of a snapshot; KubeVirt tries for ever. */
  | 'restore-fails';

export interface Context {
  readonly client: Pick<ApiClient, 'get' | 'find' | 'create' | 'ensure' | 'merge' | 'delete'>;
  readonly cache: Pick<Cache, 'in' | 'all' | 'find'>;
  readonly backend: Backend;
  readonly node: string;
  readonly faultOf: (namespace: string, machine: string) => Fault | undefined;
  /** Guests by the uid of their pod. */
  readonly guests: Map<string, Guest>;
  /** What has been made and is not in the cache yet. */
  readonly made: Set<string>;
  /** Whether KubeVirt's admission lets snapshots and restores be created. */
  snapshotGate: boolean;
  /** Something in the namespace may need another step. */
  readonly enqueue: (namespace: string) => void;
}

export interface Guest {
  readonly namespace: string;
  readonly machine: string;
  state: 'starting' | 'running' | 'ended';
  address?: string;
  reason?: string;
  paused?: boolean;
}

/**
 * Makes an object once, however late the cache shows it: quota charges also for a creation that fails because the object
 * exists, so KubeVirt's controllers remember what they expect, too.
 */
export async function makeOnce({ made }: Context, key: string, work: () => Promise<void>): Promise<void> {
  if (made.has(key)) return;
  made.add(key);
  try {
    await work();
  } catch (error) {
    made.delete(key);
    throw error;
  }
}

/** One event about an object, as `kubectl describe` shows it; the same one is not repeated. */
export async function event({ client }: Context, object: ApiObject, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void> {
  const { namespace = '', name = '', uid = '' } = object.metadata;
  const now = new Date().toISOString().replace(/\.\d+/, '');
  await client.ensure(`/api/v1/namespaces/${namespace}/events`, {
    metadata: { name: `${name}.${uid.slice(0, 8)}.${reason.toLowerCase()}.${createHash('sha256').update(message).digest('hex').slice(0, 8)}` },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid },
    ...{ type, reason, message, count: 1, firstTimestamp: now, lastTimestamp: now },
    source: { component: object.kind === 'Pod' ? 'default-scheduler' : 'virtualmachine-controller' },
  }).catch((error: unknown) => {
    // nobody reads it any more where the namespace is being removed
    if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
  });
}

/** The machine that an object of a cell belongs to: a virtual machine's name, or what its label says. */
export function machineOf(object: ApiObject): string {
  const { labels = {}, name = '' } = object.metadata;
  return labels['proofgrid.dev/machine'] ?? labels['vm.kubevirt.io/name'] ?? name;
}
