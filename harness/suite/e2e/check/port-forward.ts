import type { Check } from '../../check.ts';
import { kubeletsUnreachable } from '../fault/kubelet.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { HTTP_PORT } from '../pod.ts';
import { requestThroughForward } from '../port-forward.ts';
import { onePodOfEachNode } from '../reach.ts';

export const portForward: Check = {
  name: 'port-forward',
  title: 'A port of a pod of every node can be forwarded through the API',
  // The pods may have to start first (60 s), then 15 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods'],
  async run(context) {
    const pods = onePodOfEachNode(await fixture(context));
    const complaints = await Promise.all(
      pods.map(async ({ name }) => {
        const response = await requestThroughForward(context, name, HTTP_PORT, '/hostname');
        return response.endsWith(`\r\n\r\n${name}`) ? [] : [`${name}: ${JSON.stringify(response.slice(0, 200))}`];
      }),
    );
    return judgeComplaints(`the name of each of ${pods.length} pods through its forwarded port`, complaints.flat());
  },
  sabotages: [{ name: 'kubelets-unreachable', observed: /Unexpected server response: 50\d/, apply: kubeletsUnreachable }],
};
