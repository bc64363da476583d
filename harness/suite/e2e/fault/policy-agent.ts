import type { ClusterContext, Host, Sabotage } from '../../check.ts';
import { kube, nodes } from '../api-server.ts';
import { statusMessage } from '../kube-api.ts';
import { must } from '../machine.ts';
import { AGENT_LIMIT, AGENT_PATH, agentPods, agentReady } from '../policy/agent.ts';
import { until } from '../wait.ts';
import { faulty, type Mend } from './mend.ts';
import { repeatScript } from './unit.ts';

/** Where the agent sends the packets of pods through their policies. */
const CHAINS = ['KUBE-ROUTER-INPUT', 'KUBE-ROUTER-FORWARD', 'KUBE-ROUTER-OUTPUT'] as const;
const FORWARD = 'KUBE-ROUTER-FORWARD';
const IPTABLES = ['iptables', '--wait', '10', '-t', 'filter'] as const;
const ACCEPT = ['-p', 'tcp', '-j', 'ACCEPT'] as const;
const EMPTIER = 'proofgrid-sabotage-sets';

/** No node has the agent any more, and its rules are flushed: what a wrong nodeSelector and a restart of the firewall leave. */
export const policyAgentGone: Sabotage['apply'] = faulty(async (context, mend) => {
  await patchAgent(context, { nodeSelector: { 'proofgrid.dev/sabotage': 'nowhere' } }, { nodeSelector: { 'proofgrid.dev/sabotage': null } }, mend);
  await until({
    what: 'no node has the agent',
    limitMs: AGENT_LIMIT,
    signal: context.signal,
    attempt: async () => {
      const left = await agentPods(context);
      return left.length === 0 ? { value: undefined } : { observed: `${left.length} pods are left` };
    },
  });
  for (const host of nodes(context)) await flush(host);
});

/** Somebody's own rule accepts everything before the policies are asked. */
export const acceptBeforePolicies: Sabotage['apply'] = faulty(async (context, mend) => {
  for (const host of nodes(context)) {
    mend(() => untilNotAccepted(context, host));
    await must(host, [...IPTABLES, '-I', FORWARD, '1', ...ACCEPT]);
  }
});

/** The agent writes back what it has read, and with it a rule that was deleted in between: gone is what stays gone. */
async function untilNotAccepted(context: ClusterContext, host: Host): Promise<void> {
  let absent = 0;
  await until({
    what: `the chain ${FORWARD} of ${host.name} stays without the rule`,
    limitMs: 60_000,
    signal: context.signal,
    intervalMs: 1000,
    attempt: async () => {
      const { exitCode } = await host.exec([...IPTABLES, '-D', FORWARD, ...ACCEPT]);
      absent = exitCode === 0 ? 0 : absent + 1;
      return absent === 3 ? { value: undefined } : { observed: `looked ${absent} times in vain` };
    },
  });
}

/** Something empties the sets of addresses that policies match, as fast as the agent fills them. */
export const policySetsEmptied: Sabotage['apply'] = faulty(async (context, mend) => {
  const empty = 'ipset list -name | grep -E "^KUBE-(SRC|DST)-" | sed "s/^/flush /" | ipset restore';
  for (const host of nodes(context)) await repeatScript(host, EMPTIER, empty, mend);
});

/** The agent flushes its rules whenever it starts, and lays them again seconds later. */
export const policyAgentStartsWithFlush: Sabotage['apply'] = faulty(async (context, mend) => {
  const flushing = `for chain in ${CHAINS.join(' ')}; do iptables --wait 10 -F $chain; done; sleep 3; exec /kube-router "$@"`;
  const container = (command: readonly string[] | null) => ({ containers: [{ name: 'kube-router', command }] });
  await patchAgent(context, container(['sh', '-c', flushing, 'kube-router']), container(null), mend);
  await agentReady(context);
});

async function flush(host: Host): Promise<void> {
  for (const chain of CHAINS) await must(host, ['iptables', '--wait', '10', '-F', chain]);
}

/** Changes the agent's pods, and changes them back. */
async function patchAgent(context: ClusterContext, podSpec: object, undo: object, mend: Mend): Promise<void> {
  mend(async () => {
    await patch(context, undo);
    await agentReady(context);
  });
  await patch(context, podSpec);
}

async function patch(context: ClusterContext, podSpec: object): Promise<void> {
  const body = { spec: { template: { spec: podSpec } } };
  const { status, body: answer } = await kube(context).send({ method: 'PATCH', path: AGENT_PATH, body, contentType: 'application/strategic-merge-patch+json' });
  if (status >= 300) throw new Error(`the agent's DaemonSet cannot be changed: HTTP ${status}: ${statusMessage(answer)}`);
}
