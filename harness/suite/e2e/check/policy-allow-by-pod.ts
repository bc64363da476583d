import type { Check } from '../../check.ts';
import { acceptBeforePolicies, policySetsEmptied } from '../fault/policy-agent.ts';
import { provePolicies } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, FRIEND_LABELS, policyStage, targetLabels } from '../policy/stage.ts';

const NAME = 'policy-allow-by-pod';

export const policyAllowByPod: Check = {
  name: NAME,
  title: 'A policy that allows pods by their labels lets those pass and no other',
  limitMs: POLICY_CHECK_LIMIT,
  blockedBy: ['nodes-ready', 'image-store', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'policy-default-deny'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { friend, stranger, foreigner, targets } = await policyStage(context, NAME, 'first-and-last');
    return provePolicies(context, NAME, [
      {
        name: 'allow friends',
        spec: {
          podSelector: { matchLabels: targetLabels(NAME) },
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ podSelector: { matchLabels: FRIEND_LABELS } }] }],
        },
        allowed: flows([friend], targets),
        denied: flows([stranger, foreigner], targets),
      },
    ]);
  },
  sabotages: [
    { name: 'policy-sets-emptied', observed: /allow friends: allowed pod friend → http:\/\/\S+: .*(refused|timed out)/, apply: policySetsEmptied },
    { name: 'accept-before-policies', observed: /allow friends: denied pod \S+ → http:\/\/\S+: answered by/, apply: acceptBeforePolicies },
  ],
};
