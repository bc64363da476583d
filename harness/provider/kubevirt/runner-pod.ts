import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { KubeClient } from './kube/client.ts';
import type { KubeObject } from './objects.ts';
import type { RunnerPod } from './render.ts';

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
const known = new WeakMap<KubeClient, Promise<RunnerPod | undefined>>();

/**
 * The pod that this process runs in, when it is one of the same cluster: a pod's hostname is its name, and its namespace
 * is mounted beside its token. Undefined outside of the cluster, with `hostNetwork`, or when nobody may look.
 */
export function runnerPod(client: KubeClient): Promise<RunnerPod | undefined> {
  const pod = known.get(client) ?? look(client);
  known.set(client, pod);
  return pod;
}

async function look(client: KubeClient): Promise<RunnerPod | undefined> {
  if (!client.connection.inCluster || !existsSync(NAMESPACE_FILE)) return undefined;
  const place = { namespace: readFileSync(NAMESPACE_FILE, 'utf8').trim(), name: hostname() };
  const found = await client.get<KubeObject>({ kind: 'Pod', ...place }).catch(() => undefined);
  const uid = found?.object.metadata.uid;
  return uid === undefined ? undefined : { ...place, uid };
}
