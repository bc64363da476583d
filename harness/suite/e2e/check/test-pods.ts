import type { Check } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { replaceFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { fixture, forgetFixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { removePods } from '../pod.ts';

export const testPods: Check = {
  name: 'test-pods',
  title: 'Two pods that are bound to it start on every node, and serve',
  // A namespace and its service account (60 s, 45 s), then the pods (45 s).
  limitMs: 160_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'nodes-ready', 'image-store'],
  async run(context) {
    const { pods } = await fixture(context);
    const missing = nodes(context).filter(({ name }) => pods.filter(({ node }) => node === name).length < 2);
    return judgeComplaints(`2 running pods on each of ${nodes(context).length} nodes`, missing.map(({ name }) => `${name}: fewer than two pods`));
  },
  sabotages: [
    {
      name: 'runc-broken',
      observed: /: Pending, on \S+, .*(FailedCreatePodSandBox|ContainerCreating)/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        const program = (await must(host, ['sh', '-c', 'command -v runc'])).trim();
        await replaceFile(host, program, '#!/bin/sh\necho broken by a sabotage >&2\nexit 1\n', mend);
        await removePods(kube(context), pods.filter(({ node }) => node === host.name).map(({ name }) => name));
        forgetFixture(context);
      }),
    },
  ],
};
