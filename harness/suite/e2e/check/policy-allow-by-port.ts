import type { Check } from '../../check.ts';
import { policyAgentGone, policySetsEmptied } from '../fault/policy-agent.ts';
import { provePolicies } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, policyStage, PORTS, targetLabels } from '../policy/stage.ts';

const NAME = 'policy-allow-by-port';
const [OPEN, CLOSED] = PORTS;

export const policyAllowByPort: Check = {
  name: NAME,
  title: 'A policy that allows one port of a pod lets everybody reach that port and no other',
  limitMs: POLICY_CHECK_LIMIT,
  blockedBy: ['nodes-ready', 'image-store', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'policy-default-deny', 'policy-allow-by-pod'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { stranger, foreigner, targets } = await policyStage(context, NAME, 'first-and-last');
    return provePolicies(context, NAME, [
      {
        name: 'allow one port',
        spec: {
          podSelector: { matchLabels: targetLabels(NAME) },
          policyTypes: ['Ingress'],
          ingress: [{ ports: [{ protocol: 'TCP', port: OPEN }] }],
        },
        allowed: flows([stranger, foreigner], targets, OPEN),
        denied: flows([stranger, foreigner], targets, CLOSED),
      },
    ]);
  },
  sabotages: [
    { name: 'policy-sets-emptied', observed: /allow one port: allowed pod \S+ → http:\/\/\S+:8080\S*: .*(refused|timed out)/, apply: policySetsEmptied },
    { name: 'policy-agent-gone', observed: /allow one port: denied pod \S+ → http:\/\/\S+:8090\S*: answered by/, apply: policyAgentGone },
  ],
};
