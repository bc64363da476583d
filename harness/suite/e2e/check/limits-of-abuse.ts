import type { Check, ClusterContext, Host } from '../../check.ts';
import { apiServers, controlPlanes, kube, last, nodes, type ApiServer } from '../api-server.ts';
import { controlPlaneWhole, restartApiServers } from '../fault/api-server.ts';
import { addArguments, editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { restartUnit } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { processStates } from '../process-state.ts';
import { uniqueName } from '../unique.ts';

/** Twice what an API server takes at once about one object from one source. */
const EVENTS = 100;
/** What the controller manager keeps of pods that have ended where nobody says a number: enough to fill an etcd. */
const KEPT_BY_DEFAULT = 12_500;
const GC_FLAG = '--terminated-pod-gc-threshold=';
const MANAGER = 'kube-controller-manager';

export const limitsOfAbuse: Check = {
  name: 'limits-of-abuse',
  title: 'One pod can neither flood the API with events, nor use up the processes of its machine, nor fill etcd with ended pods (CIS 1.2.9, 4.2.13, 1.3.1)',
  // A hundred small requests to each API server, one to each kubelet, one command on each control plane.
  limitMs: 60_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready', 'leader-leases'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    const complaints = await Promise.all([
      ...apiServers(context).map(eventComplaint),
      ...nodes(context).map((host) => pidsComplaint(context, host)),
      ...controlPlanes(context).map(endedPodsComplaint),
    ]);
    return judgeComplaints('events, processes and ended pods limited', complaints.flat());
  },
  sabotages: [
    {
      name: 'events-unlimited',
      observed: /^\S+ takes 100 events about one object at once \(1\.2\.9\)$/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        mend(() => restartApiServers(context));
        await editFile(last(controlPlanes(context)), '/etc/kubernetes/admission.yaml', String.raw`s/"burst": 50\b/"burst": 100000/`, mend);
        await restartApiServers(context);
        await controlPlaneWhole(context);
      }),
    },
    {
      name: 'pids-unlimited',
      observed: /^\S+: the kubelet lets a pod have any number of processes \(4\.2\.13\)$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => nodesReady(context));
        mend(() => restartUnit(host, 'kubelet'));
        await editFile(host, '/etc/kubernetes/kubelet.yaml', String.raw`s/\("podPidsLimit": *\)[0-9]*/\1-1/`, mend);
        await restartUnit(host, 'kubelet');
        await nodesReady(context);
      }),
    },
    {
      name: 'ended-pods-kept',
      observed: /^\S+: kube-controller-manager keeps 12500 pods that have ended \(1\.3\.1\)$/,
      apply: faulty(async (context, mend) => {
        const host = last(controlPlanes(context));
        mend(() => controlPlaneWhole(context));
        mend(() => restartUnit(host, MANAGER));
        await addArguments(host, `/usr/local/bin/${MANAGER}`, [`${GC_FLAG}${KEPT_BY_DEFAULT}`], mend);
        await restartUnit(host, MANAGER);
        await controlPlaneWhole(context);
      }),
    },
  ],
};

/** Events lie in the namespace of the checks, and go with it. */
async function eventComplaint({ host, api }: ApiServer): Promise<string[]> {
  const object = uniqueName('noisy');
  const send = async (number: number) =>
    api.send({
      method: 'POST',
      path: `${NAMESPACE_PATH}/events`,
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${object}.${number}`, namespace: NAMESPACE },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', name: object, namespace: NAMESPACE },
        source: { component: 'proofgrid-e2e' },
        type: 'Normal',
        reason: 'Noise',
        message: 'whether there is a limit',
      },
    });
  const statuses = (await Promise.all(Array.from({ length: EVENTS }, (_, number) => send(number)))).map(({ status }) => status);
  const other = statuses.find((status) => status !== 201 && status !== 429);
  if (other !== undefined) return [`${host.name} answers an event with HTTP ${other}`];
  if (!statuses.includes(201)) return [`${host.name} takes no event at all`];
  return statuses.includes(429) ? [] : [`${host.name} takes ${EVENTS} events about one object at once (1.2.9)`];
}

async function pidsComplaint(context: ClusterContext, { name }: Host): Promise<string[]> {
  const { kubeletconfig } = await kube(context).get<{ kubeletconfig: { podPidsLimit?: number } }>(`/api/v1/nodes/${name}/proxy/configz`);
  return (kubeletconfig.podPidsLimit ?? -1) > 0 ? [] : [`${name}: the kubelet lets a pod have any number of processes (4.2.13)`];
}

async function endedPodsComplaint(host: Host): Promise<string[]> {
  const [state] = await processStates(host, [MANAGER]);
  // The last of several counts.
  const kept = Number(state?.words.filter((word) => word.startsWith(GC_FLAG)).at(-1)?.slice(GC_FLAG.length) ?? KEPT_BY_DEFAULT);
  return kept > 0 && kept < KEPT_BY_DEFAULT ? [] : [`${host.name}: ${MANAGER} keeps ${kept} pods that have ended (1.3.1)`];
}
