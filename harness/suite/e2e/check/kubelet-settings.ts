import type { Check, ClusterContext, Host } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { addArguments, editFile } from '../fault/file.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { expectedKubelet, kubeletComplaints, KUBELET_FILE } from '../kubelet-settings.ts';
import type { Variables } from '../playbook-data.ts';
import { readUnitSettings } from '../unit-settings.ts';

export const kubeletSettings: Check = {
  name: 'kubelet-settings',
  title: 'Every kubelet runs with the settings of the document and the playbooks, and with those that lie on its disk',
  // One command on each machine and one request to each kubelet.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  blockedBy: ['nodes-ready'],
  async run(context) {
    const complaints = await Promise.all(nodes(context).map((host) => complain(context, host)));
    return judgeComplaints(`${nodes(context).length} kubelets with the playbooks' settings`, complaints.flat());
  },
  sabotages: [
    {
      name: 'eviction-too-late',
      observed: /^\S+: kubelet has evictionHard\.memory\.available "1Mi", expected "\d+Mi"$/,
      apply: faulty(async (context, mend) => restarted(context, mend, (host) => editFile(host, KUBELET_FILE, String.raw`s/\("memory\.available": *"\)[0-9]*/\11/`, mend))),
    },
    {
      name: 'rotation-off-by-a-flag',
      observed: /^\S+: kubelet has rotateCertificates (unset|false), expected true; .*kubelet runs with --rotate-certificates=false, which its unit does not have$/,
      apply: faulty(async (context, mend) => restarted(context, mend, (host) => addArguments(host, '/usr/local/bin/kubelet', ['--rotate-certificates=false'], mend))),
    },
    {
      name: 'edited-and-not-restarted',
      observed: /^\S+: \/etc\/kubernetes\/kubelet\.yaml has containerLogMaxFiles 99, and kubelet runs with \d$/,
      apply: faulty((context, mend) => editFile(last(nodes(context)), KUBELET_FILE, String.raw`s/\("containerLogMaxFiles": *\)[0-9]*/\199/`, mend)),
    },
  ],
};

async function complain(context: ClusterContext, host: Host): Promise<string[]> {
  const [{ kubeletconfig }, seen] = await Promise.all([
    kube(context).get<{ kubeletconfig: Variables }>(`/api/v1/nodes/${host.name}/proxy/configz`),
    readUnitSettings(host, 'kubelet', KUBELET_FILE),
  ]);
  return kubeletComplaints(expectedKubelet(context.deployment, host, seen.facts), kubeletconfig, seen).map((complaint) => `${host.name}: ${complaint}`);
}

/** The last node's kubelet, started again after the change. */
async function restarted(context: ClusterContext, mend: Mend, change: (host: Host) => Promise<void>): Promise<void> {
  const host = last(nodes(context));
  mend(() => nodesReady(context));
  mend(() => restartUnit(host, 'kubelet'));
  await change(host);
  await restartUnit(host, 'kubelet');
  await nodesReady(context);
}
