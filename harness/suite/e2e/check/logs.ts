import type { Check } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { kubeletsUnreachable } from '../fault/kubelet.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { statusMessage } from '../kube-api.ts';
import { must } from '../machine.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { onePodOfEachNode } from '../reach.ts';

/** What agnhost's web server writes when it starts. */
const EXPECTED = 'Started HTTP server on port';

export const logs: Check = {
  name: 'logs',
  title: 'The log of a pod of every node can be read through the API',
  // The pods may have to start first (60 s), then one request each.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods'],
  async run(context) {
    const api = kube(context);
    const pods = onePodOfEachNode(await fixture(context));
    const complaints = await Promise.all(
      pods.map(async ({ name }) => {
        const { status, body } = await api.send({ path: `${NAMESPACE_PATH}/pods/${name}/log?tailLines=500` });
        if (status !== 200) return [`${name}: HTTP ${status}: ${statusMessage(body)}`];
        return body.includes(EXPECTED) ? [] : [`${name}: the log is ${JSON.stringify(body.slice(0, 300))}`];
      }),
    );
    return judgeComplaints(`"${EXPECTED}" in the logs of ${pods.length} pods`, complaints.flat());
  },
  sabotages: [
    { name: 'kubelets-unreachable', observed: /HTTP 50\d: .*10250/, apply: kubeletsUnreachable },
    {
      name: 'log-lost',
      observed: /: the log is "(|.*no such file or directory.*)"$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const pod = onePodOfEachNode(await fixture(context)).find(({ node }) => node === host.name);
        if (pod === undefined) throw new Error(`no test pod on ${host.name}`);
        const pattern = `/var/log/pods/${NAMESPACE}_${pod.name}_*`;
        // the kubelet makes the directory anew when it looks after the log
        const back = 'cd /var/log/proofgrid-lost && for each in *; do rm -rf "/var/log/pods/$each" && mv "$each" /var/log/pods/; done';
        mend(() => must(host, ['sh', '-c', back]));
        await must(host, ['mkdir', '-p', '/var/log/proofgrid-lost']);
        await must(host, ['sh', '-c', `mv ${pattern} /var/log/proofgrid-lost/`]);
      }),
    },
  ],
};
