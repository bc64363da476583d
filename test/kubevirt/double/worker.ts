import { ApiError, type ApiObject } from '../api-client.ts';
import { event, machineOf, makeOnce, type Context } from './context.ts';
import { path } from './kinds.ts';
import type { Container } from './launcher-containers.ts';
import { SELECTED_NODE, storageClassOf } from './storage-class.ts';

/** AnnPodPhase and its neighbours, CDI pkg/controller/common/util.go. */
export const POD_PHASE = 'cdi.kubevirt.io/storage.pod.phase';
export const RUNNING_REASON = 'cdi.kubevirt.io/storage.condition.running.reason';
export const RUNNING_MESSAGE = 'cdi.kubevirt.io/storage.condition.running.message';
const RESTARTS = 'cdi.kubevirt.io/storage.pod.restarts';
/** defaultCPULimit, defaultMemLimit, defaultCPURequest, defaultMemRequest: CDI pkg/controller/config-controller.go:47. */
const RESOURCES = { requests: { cpu: '100m', memory: '60M' }, limits: { cpu: '750m', memory: '600M' } };
/** Milliseconds until a worker that was refused is asked for again. CDI's queue backs off from 5 ms to 1000 s. */
const CREATE_AGAIN = 1000;
const IMPORT_FAILED = 'Unable to process data: Unable to transfer source data to target: error fetching image: manifest unknown';

interface Source {
  readonly pvc?: object;
  readonly registry?: { readonly pullMethod?: string };
}

/** Containers of the pod that fills a disk: makeImporterPodSpec, makeNodeImporterPodSpec (a server beside the importer), CDI pkg/controller/import-controller.go. */
export function workerContainers({ spec }: ApiObject): Container[] {
  const { registry, pvc } = (spec.source ?? {}) as Source;
  const container = (name: string): Container => ({ name, image: 'cdi-importer', resources: RESOURCES });
  if (pvc !== undefined || spec.sourceRef !== undefined) return [container('cdi-upload-server')];
  return registry?.pullMethod === 'node' ? [container('importer'), container('server')] : [container('importer')];
}

/** Whether the pod needs a claim beside the disk's (requiresScratchSpace, CDI pkg/controller/import-controller.go). */
function needsScratch({ spec }: ApiObject): boolean {
  const { registry } = (spec.source ?? {}) as Source;
  return registry !== undefined && registry.pullMethod !== 'node';
}

/**
 * The worker that fills a claim: made, given a node, ended. What came of it is on the claim, as CDI has it. A populator's claim
 * has the annotation for binding at once, so its worker is made before it is bound (shouldReconcilePVC, shouldHandlePvc, CDI
 * pkg/controller/import-controller.go and util.go).
 */
export async function stepWorker(context: Context, volume: ApiObject, claim: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '', annotations = {} } = claim.metadata;
  const worker = `${volume['spec'].source?.pvc === undefined ? 'importer' : 'cdi-upload'}-${name}`;
  const pod = context.cache.find('Pod', namespace, worker);
  if (annotations[POD_PHASE] === 'Succeeded') {
    // no node has it, so nobody needs to let go of it
    if (pod !== undefined) await context.client.delete(path('Pod', namespace, worker), { gracePeriodSeconds: 0 });
    if (needsScratch(volume)) await context.client.delete(path('PersistentVolumeClaim', namespace, scratchOf(name)));
    return;
  }
  if (pod === undefined) return context.made.has(`worker/${uid}`) ? undefined : create(context, volume, claim, worker);
  if (claim['status']?.phase !== 'Bound') return storageClassOf(claim).waits ? annotate(context, claim, { [SELECTED_NODE]: context.node }) : undefined;
  if (context.faultOf(namespace, machineOf(volume)) === 'import-fails') {
    return annotate(context, claim, { [POD_PHASE]: 'Running', [RUNNING_REASON]: 'Error', [RUNNING_MESSAGE]: IMPORT_FAILED, [RESTARTS]: '3' });
  }
  await annotate(context, claim, { [POD_PHASE]: 'Succeeded', [RUNNING_REASON]: 'Completed', [RUNNING_MESSAGE]: 'Import Complete' });
}

/** createScratchNameFromPvc, CDI pkg/controller/util.go. */
function scratchOf(claim: string): string {
  return `${claim}-scratch`;
}

async function create(context: Context, volume: ApiObject, claim: ApiObject, worker: string): Promise<void> {
  const { namespace = '', name = '', uid = '' } = claim.metadata;
  const scratch = needsScratch(volume) ? [scratchOf(name)] : [];
  const pod = {
    metadata: { name: worker, labels: { app: 'containerized-data-importer' }, ownerReferences: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, uid, controller: true, blockOwnerDeletion: true }] },
    spec: {
      automountServiceAccountToken: false,
      restartPolicy: 'OnFailure',
      priorityClassName: volume['spec'].priorityClassName as string | undefined,
      containers: workerContainers(volume),
      volumes: [name, ...scratch].map((claimName, index) => ({ name: `disk-${index}`, persistentVolumeClaim: { claimName } })),
    },
  };
  try {
    await makeOnce(context, `worker/${uid}`, async () => context.client.ensure(path('Pod', namespace), pod));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return refused(context, claim, worker, error.message.includes('exceeded quota'));
  }
  for (const scratchName of scratch) {
    await context.client.ensure(path('PersistentVolumeClaim', namespace), { metadata: { name: scratchName }, spec: { accessModes: claim['spec'].accessModes, resources: claim['spec'].resources } });
  }
  await annotate(context, claim, { [POD_PHASE]: 'Pending', [RUNNING_REASON]: 'ContainerCreating', [RUNNING_MESSAGE]: '' });
}

/** HandleFailedPod, CDI pkg/controller/common/util.go: the reason says what the message leaves out. */
async function refused(context: Context, claim: ApiObject, worker: string, byQuota: boolean): Promise<void> {
  const message = `Error starting pod '${worker}': For more information, request access to cdi-deploy logs from your sysadmin`;
  const reason = byQuota ? 'ErrExceededQuota' : 'ErrStartingPod';
  await event(context, claim, 'Warning', reason, message);
  await annotate(context, claim, { [POD_PHASE]: 'Failed', [RUNNING_REASON]: reason, [RUNNING_MESSAGE]: message });
  setTimeout(() => context.enqueue(claim.metadata.namespace ?? ''), CREATE_AGAIN).unref();
}

async function annotate({ client }: Context, claim: ApiObject, annotations: Record<string, string>): Promise<void> {
  const { namespace = '', name = '', annotations: old = {} } = claim.metadata;
  if (Object.entries(annotations).every(([key, value]) => old[key] === value)) return;
  await client.merge(path('PersistentVolumeClaim', namespace, name), { metadata: { annotations } });
}

/** AnnPodRestarts; a claim without any worker has none. */
export function restartsOf(claim: ApiObject): number {
  return Number(claim.metadata.annotations?.[RESTARTS] ?? 0);
}
