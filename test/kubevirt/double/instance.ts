import { createHash } from 'node:crypto';
import { ApiError, type ApiObject } from '../api-client.ts';
import { event, machineOf, makeOnce, type Context } from './context.ts';
import { owner } from './disk.ts';
import { launcherContainers } from './launcher-containers.ts';
import { path } from './kinds.ts';
import { differs, mergeConditions, type Condition } from './status.ts';
import { INSTANCE_FINALIZER } from './virtual-machine.ts';

/** EphemeralProvisioningObject: on a pod that is there only so that claims are bound (RenderLaunchManifestNoVm, pkg/virt-controller/services/template.go). */
export const PROVISIONING = 'kubevirt.io/ephemeral-provisioning';
/** Milliseconds until a pod that was refused is asked for again, whatever has changed meanwhile. */
const CREATE_AGAIN = 1000;

/** virt-controller's and virt-handler's part of an instance: pod, phases, conditions, addresses. */
export async function stepInstance(context: Context, instance: ApiObject): Promise<void> {
  const { namespace = '', name = '', deletionTimestamp, finalizers = [] } = instance.metadata;
  const pod = context.cache.find('Pod', namespace, launcherName(instance));
  const phase = (instance['status']?.phase as string | undefined) ?? 'Pending';
  if (deletionTimestamp !== undefined) {
    if (pod !== undefined && pod.metadata.deletionTimestamp === undefined) {
      await context.client.delete(path('Pod', namespace, pod.metadata.name), { gracePeriodSeconds: Number(instance['spec'].terminationGracePeriodSeconds ?? 30) });
    }
    // a pod that is removed at once leaves its guest to the kubelet: whoever sees no instance may count on a guest that is off
    const ends = [...context.guests.values()].some((guest) => guest.namespace === namespace && guest.machine === name);
    if (pod === undefined && !ends && finalizers.includes(INSTANCE_FINALIZER)) {
      await context.client.merge(path('VirtualMachineInstance', namespace, name), { metadata: { finalizers: finalizers.filter((other) => other !== INSTANCE_FINALIZER) } }).catch(gone);
    }
    return;
  }
  if (phase === 'Failed' || phase === 'Succeeded') return;
  if (pod === undefined) return phase === 'Pending' ? createPod(context, instance) : update(context, instance, 'Failed', [notReady('PodTerminating', 'virt-launcher pod is terminating')]);
  if (pod['status']?.phase === 'Failed') {
    await event(context, instance, 'Warning', 'Stopped', 'The VirtualMachineInstance crashed.');
    return update(context, instance, 'Failed', [notReady('GuestNotRunning', 'Guest VM is not reported as running')]);
  }
  const scheduled = ((pod['status']?.conditions ?? []) as Condition[]).find(({ type }) => type === 'PodScheduled');
  if (pod['spec'].nodeName === undefined) {
    const failed = scheduled?.status === 'False' ? [{ type: 'PodScheduled', status: 'False', reason: scheduled.reason ?? '', message: scheduled.message ?? '' } as const] : [];
    return update(context, instance, 'Scheduling', [notReady('GuestNotRunning', 'Guest VM is not reported as running'), ...failed]);
  }
  const guest = context.guests.get(pod.metadata.uid ?? '');
  const address = pod['status']?.podIP as string | undefined;
  if (guest?.state !== 'running' || address === undefined) {
    return update(context, instance, pod['status']?.phase === 'Running' ? 'Scheduled' : 'Scheduling', [notReady('GuestNotRunning', 'Guest VM is not reported as running')], { nodeName: context.node, activePods: { [pod.metadata.uid ?? '']: context.node } });
  }
  await running(context, instance, pod, address);
}

async function running(context: Context, instance: ApiObject, pod: ApiObject, address: string): Promise<void> {
  const fault = context.faultOf(instance.metadata.namespace ?? '', machineOf(instance));
  const [network] = (instance['spec'].domain.devices.interfaces ?? []) as { name: string; macAddress?: string }[];
  const agent = fault !== 'cloud-init-hangs';
  const addresses = fault === 'no-address' ? {} : { ipAddress: address, ipAddresses: [address] };
  await update(
    context,
    instance,
    'Running',
    [
      { type: 'Ready', status: 'True' },
      { type: 'LiveMigratable', status: 'False', reason: 'InterfaceNotLiveMigratable', message: 'cannot migrate VMI which uses bridge on the pod network' },
      ...(agent ? [{ type: 'AgentConnected', status: 'True' } as const] : []),
      ...(context.guests.get(pod.metadata.uid ?? '')?.paused === true ? [PAUSED] : []),
    ],
    {
      nodeName: context.node,
      activePods: { [pod.metadata.uid ?? '']: context.node },
      ...(agent ? { guestOSInfo: { id: 'debian', name: 'Debian GNU/Linux', version: '12', kernelRelease: 'double' } } : {}),
      interfaces: [
        { name: network?.name ?? 'default', interfaceName: 'eth0', mac: network?.macAddress ?? '02:00:00:00:00:01', ...addresses, infoSource: agent ? 'domain, guest-agent' : 'domain', queueCount: 1 },
      ],
    },
  );
}

const PAUSED: Condition = { type: 'Paused', status: 'True', reason: 'PausedByUser', message: 'VMI was paused by user' };

/** Of the only pod that an instance ever has. */
export function launcherName({ metadata }: ApiObject): string {
  const suffix = createHash('sha256').update(metadata.uid ?? '').digest('hex').slice(0, 5);
  return `virt-launcher-${metadata.name ?? ''}-${suffix}`;
}

async function createPod(context: Context, instance: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '', labels = {} } = instance.metadata;
  const { spec } = instance;
  const volumes = (spec.volumes ?? []) as { dataVolume?: { name: string }; persistentVolumeClaim?: { claimName: string } }[];
  const disks = volumes.flatMap(({ dataVolume }) => dataVolume?.name ?? []);
  const phaseOf = (disk: string) => context.cache.find('DataVolume', namespace, disk)?.['status']?.phase as string | undefined;
  // VolumeReadyToAttachToNode, KubeVirt pkg/storage/types/pvc.go: a disk that waits without a populator gets a pod that is not the machine's
  const waiting = disks.some((disk) => phaseOf(disk) === 'WaitForFirstConsumer');
  // IsSucceededOrPendingPopulation, containerized-data-importer-api utils.go; handleSyncDataVolumes, KubeVirt pkg/virt-controller/watch/vmi/lifecycle.go
  const filled = disks.every((disk) => ['Succeeded', 'PendingPopulation', 'WaitForFirstConsumer'].includes(phaseOf(disk) ?? ''));
  const temporary = `${launcherName(instance)}-provisioning`;
  if (!filled) return update(context, instance, 'Pending', [{ type: 'DataVolumesReady', status: 'False', reason: 'NotAllDVsReady', message: 'Not all of the VMI\'s DVs are ready' }, notReady('PodNotExists', 'virt-launcher pod has not yet been scheduled')]);
  const claims = volumes.flatMap(({ dataVolume, persistentVolumeClaim }) => dataVolume?.name ?? persistentVolumeClaim?.claimName ?? []);
  try {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: waiting ? temporary : launcherName(instance),
        labels: { ...labels, 'kubevirt.io': 'virt-launcher', 'kubevirt.io/created-by': uid, 'vm.kubevirt.io/name': name },
        annotations: { ...(waiting ? { [PROVISIONING]: 'true' } : {}), 'kubevirt.io/domain': name, 'kubectl.kubernetes.io/default-container': 'compute' },
        ownerReferences: [owner(instance, name, uid)],
      },
      spec: {
        ...pick(spec, ['nodeSelector', 'tolerations', 'affinity', 'priorityClassName']),
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: Number(spec.terminationGracePeriodSeconds ?? 30),
        containers: launcherContainers(spec),
        volumes: claims.map((claimName, index) => ({ name: `disk-${index}`, persistentVolumeClaim: { claimName } })),
      },
    };
    await makeOnce(context, `pod/${uid}/${String(waiting)}`, async () => context.client.ensure(path('Pod', namespace), pod));
    // cleanupWaitForFirstConsumerTemporaryPods, pkg/virt-controller/watch/vmi/lifecycle.go
    if (!waiting && context.cache.find('Pod', namespace, temporary) !== undefined) await context.client.delete(path('Pod', namespace, temporary), { gracePeriodSeconds: 0 });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    await event(context, instance, 'Warning', 'FailedCreate', `Error creating pod: ${error.message}`);
    await update(context, instance, 'Pending', [{ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message: `failed to create virtual machine pod: ${error.message}` }]);
    setTimeout(() => context.enqueue(namespace), CREATE_AGAIN).unref();
  }
}

function pick(object: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
}

function notReady(reason: string, message: string): Condition {
  return { type: 'Ready', status: 'False', reason, message };
}

/** Instances have no status subresource. */
async function update({ client }: Context, instance: ApiObject, phase: string, conditions: readonly Condition[], more: Record<string, unknown> = {}): Promise<void> {
  const before = (instance['status']?.phaseTransitionTimestamps ?? []) as { phase: string }[];
  const stamps = before.at(-1)?.phase === phase ? before : [...before, { phase, phaseTransitionTimestamp: new Date().toISOString().replace(/\.\d+/, '') }];
  const merged = mergeConditions(instance, conditions) as Condition[];
  // the one condition that goes when it is no longer true
  const kept = merged.filter(({ type }) => type !== PAUSED.type || conditions.includes(PAUSED));
  const status = { ...more, phase, phaseTransitionTimestamps: stamps, conditions: kept };
  if (!differs(instance, status)) return;
  await client.merge(path('VirtualMachineInstance', instance.metadata.namespace ?? '', instance.metadata.name), { status }).catch(gone);
}

function gone(error: unknown): void {
  if ((error as { status?: number }).status !== 404) throw error as Error;
}
