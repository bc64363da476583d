import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { untilServiceRules } from '../fault/service.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { complaint } from '../machine.ts';
import { otherProxyMode, proxyRuns } from '../proxy.ts';

export const proxyMode: Check = {
  name: 'proxy-mode',
  title: "kube-proxy runs on every node in the document's mode",
  // One request on each node.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  async run(context) {
    const { proxyMode: expected } = context.deployment.spec.network;
    const complaints = await Promise.all(
      nodes(context).map(async (host) => {
        const result = await host.exec(['curl', '--silent', '--show-error', '--fail', '--max-time', '10', 'http://127.0.0.1:10249/proxyMode']);
        if (result.exitCode !== 0) return [`${host.name}: ${complaint(result)}`];
        return result.stdout.trim() === expected ? [] : [`${host.name}: ${result.stdout.trim()}`];
      }),
    );
    return judgeComplaints(`${nodes(context).length} nodes with mode ${expected}`, complaints.flat());
  },
  sabotages: [
    {
      name: 'another-mode',
      observed: /^\S+: (nftables|iptables|userspace)$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        // It starts with the removal of the other mode's rules: names and services work again once its own are there.
        mend(() => untilServiceRules(context, host));
        mend(() => proxyRuns(context, host));
        mend(() => restartUnit(host, 'kube-proxy'));
        const mode = otherProxyMode(context.deployment.spec);
        await editFile(host, '/etc/kubernetes/kube-proxy.yaml', String.raw`s/\("\?mode"\?: *"\?\)[a-z]*/\1${mode}/`, mend);
        await restartUnit(host, 'kube-proxy');
        await proxyRuns(context, host);
      }),
    },
  ],
};
