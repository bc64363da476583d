import type { KubeClient } from './kube/client.ts';
import type { Condition, KubeObject, Namespace, ResourceKind } from './objects.ts';

/** Kinds with finalizers of their own controllers; what holds a namespace is nearly always one of them. Never secrets: nobody may list them. */
const HOLDERS: readonly ResourceKind[] = ['VirtualMachine', 'VirtualMachineInstance', 'VirtualMachineSnapshot', 'VirtualMachineRestore', 'DataVolume', 'PersistentVolumeClaim', 'Pod'];
/** The namespace controller says here which kinds remain, and which finalizers. */
const TELLING = ['NamespaceDeletionDiscoveryFailure', 'NamespaceDeletionContentFailure', 'NamespaceContentRemaining', 'NamespaceFinalizersRemaining'];

/** Which objects hold a namespace that does not go away, and by which finalizers. Never rejects: it explains another failure. */
export async function diagnoseTerminating(client: KubeClient, { metadata: { name }, status }: Namespace): Promise<string[]> {
  const objects = await Promise.all(
    HOLDERS.map(async (kind) => {
      const found = await client.list<KubeObject>({ kind, namespace: name }).catch(() => undefined);
      return found?.items.map((item) => describeHolder(kind, item)) ?? [];
    }),
  );
  return [...tellingConditions(status?.conditions ?? []), ...objects.flat()];
}

export function describeHolder(kind: string, { metadata: { name, finalizers = [] } }: KubeObject): string {
  return `${kind}/${name}${finalizers.length === 0 ? '' : ` waits for the finalizer ${finalizers.join(', ')}`}`;
}

export function tellingConditions(conditions: readonly Condition[]): string[] {
  const telling = conditions.filter(({ type, status }) => TELLING.includes(type) && status === 'True');
  return telling.map(({ type, message = '' }) => `${type}: ${message}`);
}
