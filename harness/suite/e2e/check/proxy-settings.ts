import type { Check, ClusterContext, Host } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { untilServiceRules } from '../fault/service.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { proxyRuns } from '../proxy.ts';
import { expectedProxy, proxyComplaints, PROXY_FILE, PROXY_URL } from '../proxy-settings.ts';
import { readUnitSettings } from '../unit-settings.ts';

export const proxySettings: Check = {
  name: 'proxy-settings',
  title: 'Every kube-proxy runs with the settings of the document and the playbooks, and with those that lie on its disk',
  // One command on each machine.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  blockedBy: ['proxy-mode'],
  async run(context) {
    const complaints = await Promise.all(nodes(context).map((host) => complain(context, host)));
    return judgeComplaints(`${nodes(context).length} kube-proxies with the playbooks' settings`, complaints.flat());
  },
  sabotages: [
    {
      name: 'another-pod-network',
      observed: /^\S+: kube-proxy has clusterCIDR "192\.0\.2\.0\/24", expected "/,
      apply: faulty(async (context, mend) => restarted(context, mend, String.raw`s/\("clusterCIDR": *"\)[^"]*/\1192.0.2.0\/24/`)),
    },
    {
      name: 'masquerades-all',
      observed: /^\S+: kube-proxy has iptables\.masqueradeAll true, expected false$/,
      apply: faulty(async (context, mend) => restarted(context, mend, '1s/{/{"iptables": {"masqueradeAll": true},/')),
    },
    {
      name: 'edited-and-not-restarted',
      observed: /^\S+: \/etc\/kubernetes\/kube-proxy\.yaml has metricsBindAddress "127\.0\.0\.1:10299", and kube-proxy runs with "127\.0\.0\.1:10249"$/,
      apply: faulty((context, mend) => editFile(last(nodes(context)), PROXY_FILE, 's/127.0.0.1:10249/127.0.0.1:10299/', mend)),
    },
  ],
};

async function complain(context: ClusterContext, host: Host): Promise<string[]> {
  const seen = await readUnitSettings(host, 'kube-proxy', PROXY_FILE, PROXY_URL);
  return proxyComplaints(expectedProxy(context.deployment, host, seen.facts), seen, host).map((complaint) => `${host.name}: ${complaint}`);
}

/** The last node's kube-proxy with an edited file. */
async function restarted(context: ClusterContext, mend: Mend, expression: string): Promise<void> {
  const host = last(nodes(context));
  mend(() => untilServiceRules(context, host));
  mend(() => proxyRuns(context, host));
  mend(() => restartUnit(host, 'kube-proxy'));
  await editFile(host, PROXY_FILE, expression, mend);
  await restartUnit(host, 'kube-proxy');
  await proxyRuns(context, host);
}
