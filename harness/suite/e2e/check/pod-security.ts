import type { V1Pod } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, controlPlanes, kube, last, nodes, type ApiServer } from '../api-server.ts';
import { controlPlaneWhole, restartApiServers } from '../fault/api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { statusMessage } from '../kube-api.ts';
import { PLAIN_NAMESPACE } from '../namespace.ts';
import { testPod } from '../pod.ts';
import { uniqueName } from '../unique.ts';
import { until } from '../wait.ts';

/** Of Kubernetes 1: the plugin has been on by default since. */
const FIRST_MINOR = 23;
/** Dry runs: nothing is kept, and no pod ever starts. */
const PODS = `/api/v1/namespaces/${PLAIN_NAMESPACE}/pods?dryRun=All`;
const REFUSAL = /violates PodSecurity/;

/** What a pod would take a machine over with; each alone must do. */
const DANGEROUS: Readonly<Record<string, (pod: V1Pod) => V1Pod>> = {
  'a privileged container': (pod) => withContainer(pod, { securityContext: { privileged: true } }),
  "the machine's network": (pod) => ({ ...pod, spec: { ...pod.spec, hostNetwork: true, containers: pod.spec?.containers ?? [] } }),
  "the machine's processes": (pod) => ({ ...pod, spec: { ...pod.spec, hostPID: true, containers: pod.spec?.containers ?? [] } }),
  "a directory of the machine": (pod) => ({ ...pod, spec: { ...pod.spec, volumes: [{ name: 'root', hostPath: { path: '/' } }], containers: pod.spec?.containers ?? [] } }),
};

export const podSecurity: Check = {
  name: 'pod-security',
  title: 'A namespace without labels takes ordinary pods, and none that could take its machine over (CIS 5.2.1 to 5.2.5)',
  // Five dry runs at each API server, and the wait for a service account.
  limitMs: 90_000,
  needs: ['document'],
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases'],
  skip: ({ deployment: { spec } }) => (minorOf(spec.kubernetes.version) < FIRST_MINOR ? `Kubernetes ${spec.kubernetes.version} has no Pod Security admission` : undefined),
  async run(context) {
    await ensureNamespace(context, kube(context), PLAIN_NAMESPACE);
    const complaints = await Promise.all(apiServers(context).map((server) => complain(context, server)));
    return judgeComplaints('ordinary pods taken and dangerous ones refused', complaints.flat());
  },
  sabotages: [
    {
      name: 'privileged-by-default',
      observed: /^\S+ takes a pod with a privileged container; \S+ takes a pod with the machine's network/,
      apply: faulty((context, mend) => enforce(context, 'privileged', mend)),
    },
    {
      name: 'restricted-by-default',
      observed: /^\S+ refuses an ordinary pod: .*violates PodSecurity "restricted:latest"/,
      apply: faulty((context, mend) => enforce(context, 'restricted', mend)),
    },
  ],
};

function minorOf(version: string): number {
  return Number(/^1\.(\d+)/.exec(version)?.[1] ?? 0);
}

function withContainer(pod: V1Pod, more: object): V1Pod {
  return { ...pod, spec: { ...pod.spec, containers: (pod.spec?.containers ?? []).map((container) => ({ ...container, ...more })) } };
}

async function complain(context: ClusterContext, { host, api }: ApiServer): Promise<string[]> {
  const pod = testPod(context, { name: uniqueName('plain'), node: last(nodes(context)).name, namespace: PLAIN_NAMESPACE, placedBy: 'scheduler' });
  const create = async (body: V1Pod) => {
    const { status, body: answer } = await api.send({ method: 'POST', path: PODS, body });
    return { taken: status === 201, message: `HTTP ${status}: ${statusMessage(answer)}` };
  };
  const ordinary = await until({
    what: `pods are admitted to ${PLAIN_NAMESPACE}`,
    // a controller manager makes the namespace's service account, and without it no pod is admitted
    limitMs: 45_000,
    signal: context.signal,
    attempt: async () => {
      const { taken, message } = await create(pod);
      return taken || REFUSAL.test(message) ? { value: { taken, message } } : { observed: message };
    },
  });
  if (!ordinary.taken) return [`${host.name} refuses an ordinary pod: ${ordinary.message}`];
  const answers = await Promise.all(Object.entries(DANGEROUS).map(async ([what, make]) => ({ what, ...(await create(make(pod))) })));
  return answers.flatMap(({ what, taken, message }) => {
    if (taken) return [`${host.name} takes a pod with ${what}`];
    return REFUSAL.test(message) ? [] : [`${host.name} refuses a pod with ${what} for another reason: ${message}`];
  });
}

async function enforce(context: ClusterContext, level: string, mend: (undo: () => Promise<unknown>) => void): Promise<void> {
  mend(() => controlPlaneWhole(context));
  mend(() => restartApiServers(context));
  await editFile(last(controlPlanes(context)), '/etc/kubernetes/admission.yaml', `s/enforce: baseline/enforce: ${level}/`, mend);
  await restartApiServers(context);
  await controlPlaneWhole(context);
}
