import { randomBytes } from 'node:crypto';
import type { V1PodSpec } from '@kubernetes/client-node';
import type { ClusterContext, Observation } from '../check.ts';
import { kube, nodes } from './api-server.ts';
import { execInPod } from './exec.ts';
import { ensureNamespace } from './fixture.ts';
import { judgeComplaints } from './judge.ts';
import { NAMESPACE, NAMESPACE_PATH } from './namespace.ts';
import { removePods, startPods, testPod } from './pod.ts';
import { uniqueName } from './unique.ts';

type Kind = 'ConfigMap' | 'Secret';

/** Creates an object with a random value, mounts it into a pod of every node, and reads it there. */
export async function volumeReaches(context: ClusterContext, kind: Kind): Promise<Observation> {
  const api = kube(context);
  await ensureNamespace(context, api);
  const value = randomBytes(16).toString('hex');
  const name = uniqueName(kind.toLowerCase());
  const collection = `${NAMESPACE_PATH}/${kind.toLowerCase()}s`;
  const data = kind === 'Secret' ? { stringData: { key: value } } : { data: { key: value } };
  const volumes: NonNullable<V1PodSpec['volumes']> = [
    { name: 'data', ...(kind === 'Secret' ? { secret: { secretName: name } } : { configMap: { name } }) },
  ];
  const mounts = [{ name: 'data', mountPath: '/data' }];
  const asked = nodes(context).map(({ name: node }) => testPod(context, { name: uniqueName(`volume-${node}`), node, placedBy: 'direct', volumes, mounts }));
  const names = asked.map(({ metadata }) => metadata?.name ?? '');
  await api.post(collection, { apiVersion: 'v1', kind, metadata: { name, namespace: NAMESPACE }, ...data });
  try {
    const pods = await startPods(context, asked);
    const complaints = await Promise.all(
      pods.map(async (pod) => {
        const { exitCode, stdout } = await execInPod(context, pod.name, ['cat', '/data/key']);
        return exitCode === 0 && stdout === value ? [] : [`${pod.name}: exit code ${exitCode}, ${stdout === '' ? 'no content' : 'another value'}`];
      }),
    );
    return judgeComplaints(`the ${kind}'s value in ${pods.length} pods`, complaints.flat());
  } finally {
    await removePods(api, names);
    await api.remove(`${collection}/${name}`);
  }
}
