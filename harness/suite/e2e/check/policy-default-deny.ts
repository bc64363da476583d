import type { Check } from '../../check.ts';
import { acceptBeforePolicies, policyAgentGone } from '../fault/policy-agent.ts';
import { provePolicies } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, policyStage, targetLabels } from '../policy/stage.ts';

const NAME = 'policy-default-deny';

export const policyDefaultDeny: Check = {
  name: NAME,
  title: 'A policy without rules keeps every pod from those it selects, on every node, and lets them be reached again once it is gone',
  limitMs: POLICY_CHECK_LIMIT,
  blockedBy: ['leader-leases', 'api-groups-answer', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'api-service'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { friend, stranger, foreigner, targets } = await policyStage(context, NAME, 'every-node');
    return provePolicies(context, NAME, [
      {
        name: 'deny all ingress',
        spec: { podSelector: { matchLabels: targetLabels(NAME) }, policyTypes: ['Ingress'] },
        // The direction that the policy does not name stays open.
        allowed: flows(targets, [friend]),
        denied: flows([friend, stranger, foreigner], targets),
      },
    ]);
  },
  sabotages: [
    { name: 'policy-agent-gone', observed: /deny all ingress: denied pod \S+ → http:\/\/\S+: answered by/, apply: policyAgentGone },
    { name: 'accept-before-policies', observed: /deny all ingress: denied pod \S+ → http:\/\/\S+: answered by/, apply: acceptBeforePolicies },
  ],
};
