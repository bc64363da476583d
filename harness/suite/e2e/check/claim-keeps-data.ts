import type { V1DaemonSet } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { removeClaim, whyLost, writeClaim } from '../claim.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { judgeComplaints } from '../judge.ts';
import { statusMessage } from '../kube-api.ts';
import { must } from '../machine.ts';
import { ProductFault } from '../product-fault.ts';
import { until } from '../wait.ts';

const PROVISIONER = '/apis/apps/v1/namespaces/kube-system/daemonsets/local-volumes';
/** What systemd does once at boot: tmpfiles.d(5). */
const TMPFILES = '/etc/tmpfiles.d/proofgrid-sabotage.conf';

export const claimKeepsData: Check = {
  name: 'claim-keeps-data',
  title: 'What a pod writes into a claim of the default storage class outlives the pod, and a reboot of its machine',
  // Three pods (120 s each at the most), and a machine that boots and becomes Ready (180 s).
  limitMs: 3 * 120_000 + 240_000,
  needs: ['disruption'],
  blockedBy: ['api-groups-answer', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node', 'leader-leases'],
  skip: ({ deployment: { spec } }) => (spec.storage.type === 'none' ? spec.storage.reason : undefined),
  async run(context) {
    const { name } = last(nodes(context));
    const claim = await writeClaim(context, name);
    try {
      const afterPod = await whyLost(context, claim, name);
      if (afterPod !== undefined) return judgeComplaints('the value', [`in the next pod: ${afterPod}`]);
      const rebooted = await reboot(context, name);
      const afterReboot = rebooted ? await whyLost(context, claim, name) : undefined;
      const fine = rebooted ? `the value in the next pod, and after the power of ${name} was cut` : `the value in the next pod (no reboot: ${context.powerMissing ?? 'the provider cannot cut the power of a machine'})`;
      return judgeComplaints(fine, afterReboot === undefined ? [] : [`after a reboot of ${name}: ${afterReboot}`]);
    } finally {
      await removeClaim(context, claim);
    }
  },
  sabotages: [
    {
      name: 'provisioner-gone',
      observed: /: Pending, not scheduled/,
      apply: faulty(async (context, mend) => {
        mend(() => selectNodes(context, null));
        await selectNodes(context, { 'proofgrid.dev/sabotage': 'nowhere' });
      }),
    },
    {
      name: 'emptied-at-boot',
      observed: /^after a reboot of \S+: .*No such file/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['rm', '-f', TMPFILES]));
        await must(host, ['tee', TMPFILES], { input: 'R! /var/lib/local-volumes/*/*\n' });
      }),
    },
  ],
};

/** Cuts the power and gives it back, where the provider can; resolves once every node is Ready again. */
async function reboot(context: ClusterContext, machine: string): Promise<boolean> {
  const { power } = context;
  if (power === undefined) return false;
  await power.off(machine);
  await power.on(machine);
  await nodesReady(context);
  return true;
}

async function selectNodes(context: ClusterContext, labels: Readonly<Record<string, string>> | null): Promise<void> {
  const nodeSelector = labels ?? { 'proofgrid.dev/sabotage': null };
  const body = { spec: { template: { spec: { nodeSelector } } } };
  const { status, body: answer } = await kube(context).send({ method: 'PATCH', path: PROVISIONER, contentType: 'application/merge-patch+json', body });
  if (status >= 300) throw new ProductFault(`PATCH ${PROVISIONER} succeeds`, `HTTP ${status}: ${statusMessage(answer)}`);
  const wanted = labels === null ? nodes(context).length : 0;
  await until({
    what: `${wanted} provisioners run`,
    limitMs: 90_000,
    signal: context.signal,
    attempt: async () => {
      const { status: state } = await kube(context).get<V1DaemonSet>(PROVISIONER);
      const { currentNumberScheduled: scheduled = 0, numberReady: ready = 0 } = state ?? {};
      return scheduled === wanted && ready === wanted ? { value: undefined } : { observed: `${scheduled}, ${ready} ready` };
    },
  });
}
