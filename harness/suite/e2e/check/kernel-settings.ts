import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { kernelComplaints, readBootState, wantedAtBoot } from '../boot-state.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';

export const kernelSettings: Check = {
  name: 'kernel-settings',
  title: 'The running kernel of every machine has the settings and modules that the playbooks give it',
  // One command on each machine.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  async run(context) {
    const complaints = await Promise.all(context.hosts.map(async (host) => {
      const wanted = wantedAtBoot(context.deployment, host);
      return kernelComplaints(wanted, await readBootState(host, wanted)).map((complaint) => `${host.name}: ${complaint}`);
    }));
    return judgeComplaints(`${context.hosts.length} kernels with the playbooks' settings`, complaints.flat());
  },
  sabotages: [
    {
      name: 'forwarding-off',
      observed: /^\S+: net\.ipv4\.ip_forward is 0, expected 1$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['sysctl', '-w', 'net.ipv4.ip_forward=1']));
        await must(host, ['sysctl', '-w', 'net.ipv4.ip_forward=0']);
      }),
    },
    {
      name: 'bridges-bypass-the-filter',
      observed: /^\S+: net\.bridge\.bridge-nf-call-iptables is 0, expected 1$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['sysctl', '-w', 'net.bridge.bridge-nf-call-iptables=1']));
        await must(host, ['sysctl', '-w', 'net.bridge.bridge-nf-call-iptables=0']);
      }),
    },
  ],
};
