import type { DataVolume, DataVolumePhase, KubeObject, VirtualMachineInstance } from './objects.ts';

/** The stages of a machine's way to its first login, in their order. */
export const STAGES = ['scheduled', 'disk bound', 'image imported', 'running', 'address', 'cloud-init finished', 'ssh login'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * Milliseconds that each may take. Importing and cloning move gigabytes; a node that has to be started by an autoscaler
 * takes minutes; a guest's agent answers before its sshd does; the rest is seconds on a healthy cluster.
 */
export const STAGE_LIMITS: Readonly<Record<Stage, number>> = {
  scheduled: 300_000,
  'disk bound': 180_000,
  'image imported': 900_000,
  running: 300_000,
  address: 120_000,
  'cloud-init finished': 300_000,
  'ssh login': 180_000,
};

export interface Claim extends KubeObject {
  readonly kind: 'PersistentVolumeClaim';
  readonly status?: { readonly phase?: 'Pending' | 'Bound' | 'Lost' };
}

export interface Pod extends KubeObject {
  readonly kind: 'Pod';
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

/** What the cluster says about one machine. */
export interface MachineView {
  readonly instance: VirtualMachineInstance | undefined;
  /** Its virt-launcher pod. */
  readonly pod: Pod | undefined;
  readonly dataVolumes: readonly DataVolume[];
  readonly claims: readonly Claim[];
  /** Uid of the instance that was seen first: another one means that somebody removed it. */
  readonly knownUid: string | undefined;
}

export type Progress =
  | { readonly type: 'waiting'; readonly stage: Stage; readonly reason: string }
  /** Will not come right by waiting. */
  | { readonly type: 'broken'; readonly stage: Stage; readonly reason: string }
  | { readonly type: 'reachable'; readonly address: string; readonly ready: boolean };

/** How far a machine has come, by what the cluster says alone; a login is still to be proven. */
export function progressOf(view: MachineView, expected: { readonly dataVolumes: readonly string[] }): Progress {
  const { instance, knownUid } = view;
  const phase = instance?.status?.phase ?? '';
  const replaced = knownUid !== undefined && instance?.metadata.uid !== knownUid;
  if (replaced) return { type: 'broken', stage: 'running', reason: 'its VirtualMachineInstance was deleted while the machine was wanted' };
  if (phase === 'Failed' || phase === 'Succeeded') {
    const { reason, conditions = [] } = instance?.status ?? {};
    const why = [reason, ...conditions.flatMap(({ message }) => message ?? [])].filter(Boolean).join('; ');
    return { type: 'broken', stage: 'running', reason: `its VirtualMachineInstance is ${phase}${why === '' ? '' : `: ${why}`}` };
  }
  return disks(view, expected) ?? scheduling(view) ?? running(view);
}

function disks({ dataVolumes, claims, instance, pod }: MachineView, expected: { readonly dataVolumes: readonly string[] }): Progress | undefined {
  const failed = dataVolumes.find(({ status }) => status?.phase === 'Failed');
  if (failed !== undefined) return { type: 'broken', stage: 'image imported', reason: `DataVolume ${failed.metadata.name} has failed${because(failed.status?.conditions)}` };
  const lost = claims.find(({ status }) => status?.phase === 'Lost');
  if (lost !== undefined) return { type: 'broken', stage: 'disk bound', reason: `claim ${lost.metadata.name} has lost its volume` };
  const scheduled = instance !== undefined && isScheduled(pod, instance);
  for (const name of expected.dataVolumes) {
    const volume = dataVolumes.find(({ metadata }) => metadata.name === name);
    const { phase = '', conditions, progress } = volume?.status ?? {};
    if (phase === 'Succeeded' || (WAITS_FOR_CONSUMER.has(phase) && !scheduled)) continue;
    const state = `DataVolume ${name} is ${volume === undefined ? 'not there' : phase || 'new'}${because(conditions)}`;
    if (NOT_YET_FILLED.has(phase) || refusedByQuota(conditions)) return { type: 'waiting', stage: 'disk bound', reason: state };
    return { type: 'waiting', stage: 'image imported', reason: `${state} (${progress ?? 'no progress yet'})` };
  }
  return undefined;
}

/** The machine's pod has to have a node first, or to be about to get one. */
const WAITS_FOR_CONSUMER: ReadonlySet<DataVolumePhase> = new Set(['WaitForFirstConsumer', 'PendingPopulation']);
/**
 * Before CDI's worker may start. What the claim says does not count: with populators it is Pending until the disk is filled
 * (updateStatusPVCPending, CDI pkg/controller/datavolume/controller-base.go).
 */
const NOT_YET_FILLED: ReadonlySet<DataVolumePhase> = new Set(['', 'Pending', 'Unknown', ...WAITS_FOR_CONSUMER]);

type Conditions = readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[];

/** CDI has no claim or no worker while it says so, whatever the phase is. (HandleFailedPod, CDI pkg/controller/common/util.go) */
function refusedByQuota(conditions: Conditions = []): boolean {
  return conditions.some(({ status, reason }) => status !== 'True' && reason === 'ErrExceededQuota');
}

/** Reasons of conditions that are not on the way to anything. */
const ERROR_REASON = /^Err|Error$|Failed$|Lost$|^Unschedulable$/;

/** What the cluster says is wrong with a machine's disks, its pod and itself now; much of it heals, and all of it explains a wait. */
export function troubles({ instance, pod, dataVolumes }: MachineView): string[] {
  const of = (what: string, conditions: Conditions = []) =>
    conditions.filter(({ status, reason = '' }) => status !== 'True' && ERROR_REASON.test(reason)).map((condition) => `${what}: ${text(condition)}`);
  const synchronized = instance?.status?.conditions?.filter(({ type, status }) => type === 'Synchronized' && status === 'False') ?? [];
  return [
    ...dataVolumes.flatMap(({ metadata, status }) => of(`DataVolume ${metadata.name}`, status?.conditions)),
    ...of('its pod', pod?.status?.conditions),
    ...synchronized.map((condition) => `VirtualMachineInstance: ${text(condition)}`),
  ].filter((line, index, lines) => lines.indexOf(line) === index);
}

function text({ reason = '', message = '' }: { readonly reason?: string; readonly message?: string }): string {
  return [reason, message].filter((part) => part !== '').join(': ');
}

function scheduling({ instance, pod }: MachineView): Progress | undefined {
  if (instance === undefined) return { type: 'waiting', stage: 'scheduled', reason: 'KubeVirt has made no VirtualMachineInstance yet' };
  const refused = instance.status?.conditions?.find(({ type, status }) => type === 'Synchronized' && status === 'False');
  if (refused?.message !== undefined && isHopeless(refused.message)) {
    return { type: 'broken', stage: 'scheduled', reason: refused.message };
  }
  if (isScheduled(pod, instance)) return undefined;
  const conditions = [...(pod?.status?.conditions ?? []), ...(instance.status?.conditions ?? [])];
  const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return { type: 'waiting', stage: 'scheduled', reason: unscheduled?.message ?? refused?.message ?? (pod === undefined ? 'it has no pod yet' : 'its pod has no node yet') };
}

/**
 * KubeVirt tries again; what admission refuses, it refuses again, unless it only waits for a controller of Kubernetes. The
 * cell's own quota has room for all of the cell: its controller hears of workers that have ended a moment later.
 */
function isHopeless(refusal: string): boolean {
  if (/error looking up service account|status unknown for quota|exceeded quota: cell,/.test(refusal)) return false;
  return /exceeded quota|is forbidden/.test(refusal);
}

function isScheduled(pod: Pod | undefined, instance: VirtualMachineInstance): boolean {
  return pod?.spec?.nodeName !== undefined || ['Scheduled', 'Running'].includes(instance.status?.phase ?? '');
}

/** Reasons of a waiting container that no time heals. */
const HOPELESS = new Set(['InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError']);

function running({ instance, pod }: MachineView): Progress {
  const containers = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
  const waiting = containers.find(({ state }) => state?.waiting !== undefined);
  if (instance?.status?.phase !== 'Running') {
    const { reason = '', message = '' } = waiting?.state?.waiting ?? {};
    const state = waiting === undefined ? `its VirtualMachineInstance is ${instance?.status?.phase ?? 'new'}` : `container ${waiting.name} waits: ${reason} ${message}`.trim();
    return { type: HOPELESS.has(reason) ? 'broken' : 'waiting', stage: 'running', reason: state };
  }
  const address = instance.status.interfaces?.find(({ ipAddress }) => ipAddress !== undefined && ipAddress !== '')?.ipAddress;
  if (address === undefined) return { type: 'waiting', stage: 'address', reason: 'no interface of the guest has an address' };
  // Without the guest's agent nobody has asked the guest, whatever Ready says.
  const isTrue = (wanted: string) => instance.status?.conditions?.some(({ type, status }) => type === wanted && status === 'True') === true;
  return { type: 'reachable', address, ready: isTrue('Ready') && isTrue('AgentConnected') };
}

function because(conditions: Conditions = []): string {
  const told = conditions.filter(({ status, reason = '', message = '' }) => status !== 'True' && (message !== '' || ERROR_REASON.test(reason))).map(text);
  return told.length === 0 ? '' : ` (${[...new Set(told)].join('; ')})`;
}
