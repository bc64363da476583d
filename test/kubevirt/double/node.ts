import type { ApiObject } from '../api-client.ts';
import { event, machineOf, type Context, type Guest } from './context.ts';
import { guestSpec } from './guest.ts';
import { PROVISIONING } from './instance.ts';
import { path } from './kinds.ts';
import { differs, mergeConditions } from './status.ts';
import { SELECTED_NODE, storageClassOf } from './storage-class.ts';

/** Scheduler and kubelet of the only node, for virt-launcher pods. */
export async function stepPod(context: Context, pod: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '', labels = {}, deletionTimestamp } = pod.metadata;
  if (labels['kubevirt.io'] !== 'virt-launcher') return;
  const at = path('Pod', namespace, name);
  if (deletionTimestamp !== undefined) {
    await stopGuest(context, pod);
    return context.client.delete(at, { gracePeriodSeconds: 0, preconditions: { uid } });
  }
  if (pod['spec'].nodeName === undefined) return schedule(context, pod);
  if (pod.metadata.annotations?.[PROVISIONING] !== undefined) {
    // it runs `echo bound PVCs`, and what has ended is charged to no quota
    return pod['status']?.phase === 'Succeeded' ? undefined : void (await context.client.merge(`${at}/status`, { status: { phase: 'Succeeded' } }));
  }
  const guest = context.guests.get(uid);
  if (guest === undefined) return boot(context, pod);
  const status =
    guest.state === 'running'
      ? { phase: 'Running', podIP: guest.address, podIPs: [{ ip: guest.address }], hostIP: '127.0.0.1', containerStatuses: containers(pod, { running: { startedAt: pod.metadata['creationTimestamp'] } }) }
      : guest.state === 'ended'
        ? { phase: 'Failed', reason: guest.reason, containerStatuses: containers(pod, { terminated: { exitCode: 137, reason: 'Error' } }) }
        : { phase: 'Pending', containerStatuses: containers(pod, { waiting: { reason: 'ContainerCreating' } }) };
  if (pod['status']?.phase !== status.phase || pod['status']?.podIP !== guest.address) await client(context, at, pod, status);
}

async function client(context: Context, at: string, pod: ApiObject, status: Record<string, unknown>): Promise<void> {
  const ready = status['phase'] === 'Running' ? 'True' : 'False';
  const conditions = mergeConditions(pod, [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Ready', status: ready },
    { type: 'ContainersReady', status: ready },
    { type: 'Initialized', status: 'True' },
  ]);
  if (differs(pod, { ...status, conditions })) await context.client.merge(`${at}/status`, { status: { ...status, conditions } });
}

function containers(pod: ApiObject, state: object): object[] {
  const ready = 'running' in state;
  return (pod['spec'].containers as { name: string; image: string }[]).map(({ name, image }) => ({ name, image, imageID: '', ready, started: ready, restartCount: 0, state }));
}

async function schedule(context: Context, pod: ApiObject): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata;
  const at = path('Pod', namespace, name);
  if (context.faultOf(namespace, machineOf(pod)) === 'never-scheduled') {
    const message = '0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';
    const status = { conditions: mergeConditions(pod, [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }]) };
    if (differs(pod, status)) await context.client.merge(`${at}/status`, { status });
    return event(context, pod, 'Warning', 'FailedScheduling', message);
  }
  if (!(await claimsBound(context, pod))) return;
  await context.client.create(`${at}/binding`, { metadata: { name }, target: { apiVersion: 'v1', kind: 'Node', name: context.node } });
}

/**
 * A pod gets its node only when its claims are bound: the scheduler writes the node that it has in mind on those that wait,
 * and waits (BindPodVolumes, pkg/scheduler/framework/plugins/volumebinding/binder.go). So a launcher has none while CDI populates.
 */
async function claimsBound({ cache, client, node }: Context, pod: ApiObject): Promise<boolean> {
  const { namespace = '' } = pod.metadata;
  const volumes = (pod['spec'].volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
  const claims = volumes.flatMap(({ persistentVolumeClaim }) => (persistentVolumeClaim === undefined ? [] : [cache.find('PersistentVolumeClaim', namespace, persistentVolumeClaim.claimName)]));
  const waiting = claims.filter((claim) => claim !== undefined).filter((claim) => claim['status']?.phase !== 'Bound');
  for (const claim of waiting) {
    const { name = '', annotations } = claim.metadata;
    if (storageClassOf(claim).waits && annotations?.[SELECTED_NODE] === undefined) await client.merge(path('PersistentVolumeClaim', namespace, name), { metadata: { annotations: { [SELECTED_NODE]: node } } });
  }
  return waiting.length === 0;
}

async function boot(context: Context, pod: ApiObject): Promise<void> {
  const { namespace = '', uid = '' } = pod.metadata;
  const owner = pod.metadata.ownerReferences?.[0]?.name ?? '';
  const instance = context.cache.find('VirtualMachineInstance', namespace, owner);
  if (instance === undefined) return;
  const guest: Guest = { namespace, machine: owner, state: 'starting' };
  context.guests.set(uid, guest);
  if (context.faultOf(namespace, owner) === 'never-starts') {
    await event(context, pod, 'Warning', 'Failed', 'Error: failed to create containerd task: no space left on device');
    return context.enqueue(namespace);
  }
  try {
    guest.address = await context.backend.start(await guestSpec(context, instance, pod));
    guest.state = 'running';
  } catch (error) {
    guest.state = 'ended';
    guest.reason = String(error).slice(0, 500);
  }
  context.enqueue(namespace);
}

async function stopGuest(context: Context, pod: ApiObject): Promise<void> {
  const { namespace = '', uid = '' } = pod.metadata;
  const machine = pod.metadata.ownerReferences?.[0]?.name ?? '';
  if (!context.guests.has(uid)) return;
  await context.backend.stop(namespace, machine);
  context.guests.delete(uid);
}
