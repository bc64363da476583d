import type { Check } from '../../check.ts';
import { policyAgentGone, policySetsEmptied } from '../fault/policy-agent.ts';
import { provePolicies } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, FRIEND_LABELS, policyStage, targetLabels } from '../policy/stage.ts';

const NAME = 'policy-egress';

export const policyEgress: Check = {
  name: NAME,
  title: 'A policy for egress keeps the pods of every node from everybody, then from everybody but those it allows',
  limitMs: POLICY_CHECK_LIMIT,
  blockedBy: ['nodes-ready', 'image-store', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'policy-default-deny', 'policy-allow-by-pod'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { friend, stranger, foreigner, targets: sources } = await policyStage(context, NAME, 'every-node');
    const selected = { podSelector: { matchLabels: targetLabels(NAME) }, policyTypes: ['Egress'] };
    return provePolicies(context, NAME, [
      // The direction that the policy does not name stays open.
      { name: 'deny all egress', spec: selected, allowed: flows([stranger], sources), denied: flows(sources, [friend, stranger, foreigner]) },
      {
        name: 'allow egress to friends',
        spec: { ...selected, egress: [{ to: [{ podSelector: { matchLabels: FRIEND_LABELS } }] }] },
        allowed: flows(sources, [friend]),
        denied: flows(sources, [stranger, foreigner]),
      },
    ]);
  },
  sabotages: [
    { name: 'policy-agent-gone', observed: /deny all egress: denied pod \S+ → http:\/\/\S+: answered by/, apply: policyAgentGone },
    { name: 'policy-sets-emptied', observed: /allow egress to friends: allowed pod \S+ → http:\/\/\S+: .*(refused|timed out)/, apply: policySetsEmptied },
  ],
};
