import type { Check } from '../../check.ts';
import type { V1Service } from '@kubernetes/client-node';
import { kube, last, nodes } from '../api-server.ts';
import { execInPod } from '../exec.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE } from '../namespace.ts';
import { onePodOfEachNode } from '../reach.ts';

const NAMES = ['kubernetes.default.svc.cluster.local', `cluster.${NAMESPACE}.svc.cluster.local`];

export const dns: Check = {
  name: 'dns',
  title: 'A pod of every node resolves the names of services to their addresses',
  // The pods may have to start first (60 s), then 20 s for the look-ups.
  limitMs: 90_000,
  skip: ({ deployment: { spec } }) => (spec.dns.type === 'none' ? spec.dns.reason : undefined),
  async run(context) {
    const made = await fixture(context);
    const { spec } = await kube(context).get<V1Service>('/api/v1/namespaces/default/services/kubernetes');
    const addresses = [spec?.clusterIP ?? '', made.clusterIP];
    const complaints = await Promise.all(
      onePodOfEachNode(made).map(async ({ name: pod }) => {
        const results = await Promise.all(NAMES.map((name) => execInPod(context, pod, ['nslookup', '-type=a', name])));
        return results.flatMap(({ stdout, stderr }, index) =>
          answered(stdout).includes(addresses[index] ?? '') ? [] : [`${pod}: ${NAMES[index]}: ${lastLine(stdout + stderr)}`],
        );
      }),
    );
    return judgeComplaints(`${NAMES.join(' and ')} resolved`, complaints.flat());
  },
  sabotages: [
    {
      name: 'dns-dropped',
      observed: /: \S+\.cluster\.local: .*(timed out|no servers could be reached)/,
      apply: faulty(async (context, mend) => {
        // Pods ask the service's address: the packets come from the bridge, before kube-proxy's rules turn them round.
        const rule = ['raw', 'PREROUTING', '-p', 'udp', '--dport', '53', '-j', 'DROP'] as const;
        await addRule(last(nodes(context)), [...rule], mend);
      }),
    },
  ],
};

/** Addresses in the answer, after the lines about the server that was asked. */
function answered(output: string): string[] {
  const [, ...answers] = output.split(/\n\s*\n/);
  return [...answers.join('\n').matchAll(/^Address(?: \d+)?:\s*(\S+)/gm)].map(([, address]) => address ?? '');
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
