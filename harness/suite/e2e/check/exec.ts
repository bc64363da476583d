import type { Check } from '../../check.ts';
import { execInPod } from '../exec.ts';
import { kubeletsUnreachable } from '../fault/kubelet.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { onePodOfEachNode } from '../reach.ts';

export const exec: Check = {
  name: 'exec',
  title: 'A command runs in a pod of every node through the API, with its output and its exit code',
  // The pods may have to start first (60 s), then 20 s for a command.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods'],
  async run(context) {
    const pods = onePodOfEachNode(await fixture(context));
    const complaints = await Promise.all(
      pods.map(async ({ name }) => {
        const { exitCode, stdout } = await execInPod(context, name, ['sh', '-c', 'echo "$1"; exit 7', 'sh', name]);
        return exitCode === 7 && stdout === `${name}\n` ? [] : [`${name}: exit code ${exitCode}, output ${JSON.stringify(stdout)}`];
      }),
    );
    return judgeComplaints(`output and exit code 7 from ${pods.length} pods`, complaints.flat());
  },
  sabotages: [{ name: 'kubelets-unreachable', observed: /Unexpected server response: 50\d/, apply: kubeletsUnreachable }],
};
