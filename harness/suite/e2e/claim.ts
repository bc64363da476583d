import { randomBytes } from 'node:crypto';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import { execInPod } from './exec.ts';
import { ensureNamespace } from './fixture.ts';
import { NAMESPACE, NAMESPACE_PATH } from './namespace.ts';
import { removePods, startPods, testPod } from './pod.ts';
import { uniqueName } from './unique.ts';

const CLAIMS = `${NAMESPACE_PATH}/persistentvolumeclaims`;
/** Milliseconds: a volume is made when the pod is scheduled; after a reboot everything else starts at the same time. */
const POD_LIMIT = 120_000;

/** A claim of the default storage class, with a random value in its volume. */
export interface Claim {
  readonly name: string;
  readonly value: string;
}

export async function writeClaim(context: ClusterContext, node: string): Promise<Claim> {
  const api = kube(context);
  await ensureNamespace(context, api);
  const claim = { name: uniqueName('claim'), value: randomBytes(16).toString('hex') };
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  await api.post(CLAIMS, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claim.name, namespace: NAMESPACE }, spec });
  await withPod(context, claim, node, `printf %s ${claim.value} > /data/key && sync`);
  return claim;
}

/** Why a new pod does not read the value that the claim had, or undefined. */
export async function whyLost(context: ClusterContext, claim: Claim, node: string): Promise<string | undefined> {
  const { stdout, stderr } = await withPod(context, claim, node, 'cat /data/key');
  if (stdout === claim.value) return undefined;
  return stdout === '' ? stderr.trim() || 'nothing' : 'another value';
}

export async function removeClaim(context: ClusterContext, { name }: Claim): Promise<void> {
  await kube(context).remove(`${CLAIMS}/${name}`);
}

/** Runs one command in a pod of its own that mounts the claim at /data. */
async function withPod(context: ClusterContext, { name }: Claim, node: string, command: string): Promise<{ stdout: string; stderr: string }> {
  const pod = uniqueName('claims');
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
  // The scheduler must choose: a volume is made for the node that it gives the pod to.
  const asked = testPod(context, { name: pod, node, placedBy: 'scheduler', volumes, mounts: [{ name: 'data', mountPath: '/data' }] });
  try {
    await startPods(context, [asked], POD_LIMIT);
    return await execInPod(context, pod, ['sh', '-c', command]);
  } finally {
    await removePods(kube(context), [pod]);
  }
}
