import type { KubeClient } from './kube/client.ts';
import { resourcePath } from './kube/path.ts';
import { machineOf } from './cell-view.ts';
import { machineObjects } from './names.ts';
import type { Condition, DataVolume, KubeObject, ResourceKind, VirtualMachine, VirtualMachineInstance } from './objects.ts';
import type { Claim, Pod } from './stage.ts';

/** The container that KubeVirt streams a machine's serial console through (`logSerialConsole`). */
const CONSOLE_CONTAINER = 'guest-console-log';
/** Events that are worth a line in an error. */
const MOST_EVENTS = 30;

interface Event extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

/** Everything that a machine has printed on its serial console; a note in its place when nobody kept it. */
export async function readConsole(client: KubeClient, namespace: string, machine: string): Promise<string> {
  const pods = await client.list<Pod>({ kind: 'Pod', namespace }, { labelSelector: 'kubevirt.io=virt-launcher' });
  const mine = pods.items.filter((pod) => machineOf(pod) === machine);
  if (mine.length === 0) return `(machine ${machine} has no pod, so its console is gone)\n`;
  // After a power cut there is a pod for each start.
  const inOrder = mine.toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
  const texts = await Promise.all(
    inOrder.map(({ metadata: { name } }) =>
      client
        .text('GET', `${resourcePath({ kind: 'Pod', namespace, name })}/log?container=${CONSOLE_CONTAINER}`)
        .catch((error: unknown) => `(the console in pod ${name} cannot be read: ${error instanceof Error ? error.message : String(error)})\n`),
    ),
  );
  return texts.join('');
}

/** The console as evidence: of a machine that does not run, what the cluster says about that comes first. */
export async function readEvidence(client: KubeClient, namespace: string, machine: string): Promise<string> {
  const [instance, console] = await Promise.all([
    client.get<VirtualMachineInstance>({ kind: 'VirtualMachineInstance', namespace, name: machine }),
    readConsole(client, namespace, machine),
  ]);
  if (instance?.object.status?.phase === 'Running') return console;
  return `${await diagnose(client, namespace, machine)}\n== Console\n${console}`;
}

/**
 * What the cluster says about a machine that did not come up: conditions of it, its pod, its disks and what CDI fills them with, and
 * their events, oldest first.
 * Never rejects: it explains another failure.
 */
export async function diagnose(client: KubeClient, namespace: string, machine: string): Promise<string> {
  const place = { namespace, name: machine };
  const all = async <T extends KubeObject>(kind: ResourceKind) => client.list<T>({ kind, namespace }).then(({ items }) => items, () => []);
  const [vm, vmi, pods, volumes, claims, events] = await Promise.all([
    client.get<VirtualMachine>({ kind: 'VirtualMachine', ...place }).catch(() => undefined),
    client.get<VirtualMachineInstance>({ kind: 'VirtualMachineInstance', ...place }).catch(() => undefined),
    all<Pod>('Pod'),
    all<DataVolume>('DataVolume'),
    all<Claim>('PersistentVolumeClaim'),
    all<Event>('Event'),
  ]);
  const mine = pods.filter((pod) => machineOf(pod) === machine);
  const { rootDisk, etcdDisk } = machineObjects(machine);
  const disk = ({ metadata: { name } }: KubeObject) => name === rootDisk || name === etcdDisk;
  // a populator's claim belongs to the disk's, a worker's pod to either, and a scratch claim to that pod
  const populated = ownedBy(claims, [rootDisk, etcdDisk]);
  const workers = ownedBy(pods, [rootDisk, etcdDisk, ...names(populated)]);
  const scratch = ownedBy(claims, names(workers));
  const instance = vmi?.object.status;
  return [
    `== VirtualMachine ${machine}: ${vm?.object.status?.printableStatus ?? (vm === undefined ? 'not there' : 'no status')}`,
    ...conditionLines(vm?.object.status?.conditions),
    `== VirtualMachineInstance ${machine}: ${instance?.phase ?? (vmi === undefined ? 'not there' : 'no phase')}${instance?.nodeName === undefined ? '' : ` on ${instance.nodeName}`}`,
    ...conditionLines(instance?.conditions),
    ...mine.flatMap(({ metadata, status }) => [`== Pod ${metadata.name}: ${status?.phase ?? ''}`, ...conditionLines(status?.conditions)]),
    ...volumes.filter(disk).flatMap(({ metadata, status }) => [`== DataVolume ${metadata.name}: ${status?.phase ?? 'new'}, ${status?.restartCount ?? 0} restarts`, ...conditionLines(status?.conditions)]),
    ...claims.filter(disk).map(({ metadata, status }) => `== PersistentVolumeClaim ${metadata.name}: ${status?.phase ?? 'new'}`),
    ...[...populated, ...scratch].map(({ metadata, status }) => `== PersistentVolumeClaim ${metadata.name}: ${status?.phase ?? 'new'}`),
    ...workers.flatMap(({ metadata, status }) => [`== Pod ${metadata.name}: ${status?.phase ?? ''}`, ...conditionLines(status?.conditions)]),
    '== Events',
    ...eventLines(events, [machine, rootDisk, etcdDisk, ...names([...mine, ...populated, ...workers, ...scratch])]),
  ].join('\n');
}

function names(objects: readonly KubeObject[]): string[] {
  return objects.map(({ metadata }) => metadata.name);
}

function ownedBy<T extends KubeObject>(objects: readonly T[], owners: readonly string[]): T[] {
  return objects.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => owners.includes(name)) === true);
}

function conditionLines(conditions: readonly (Omit<Condition, 'status'> & { readonly status: string })[] | undefined): string[] {
  return (conditions ?? []).map(({ type, status, reason = '', message = '' }) => `  ${type}=${status} ${reason} ${message}`.trimEnd());
}

export function eventLines(events: readonly Event[], names: readonly string[]): string[] {
  const time = ({ lastTimestamp, eventTime, metadata }: Event) => lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
  return events
    .filter(({ involvedObject }) => names.some((name) => involvedObject?.name === name || involvedObject?.name?.startsWith(`${name}-`) === true))
    .toSorted((a, b) => time(a).localeCompare(time(b)))
    .slice(-MOST_EVENTS)
    .map((event) => {
      const { type = '', reason = '', message = '', count, involvedObject } = event;
      const times = (count ?? 1) > 1 ? ` (${count} times)` : '';
      return `  ${time(event)} ${type} ${involvedObject?.kind ?? ''}/${involvedObject?.name ?? ''} ${reason}: ${message}${times}`;
    });
}
