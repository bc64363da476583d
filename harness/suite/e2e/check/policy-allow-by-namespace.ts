import type { Check } from '../../check.ts';
import { policyAgentGone, policySetsEmptied } from '../fault/policy-agent.ts';
import { provePolicies } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, OTHER_LABELS, policyStage, targetLabels } from '../policy/stage.ts';

const NAME = 'policy-allow-by-namespace';

export const policyAllowByNamespace: Check = {
  name: NAME,
  title: 'A policy that allows a namespace by its labels lets its pods pass and no other',
  limitMs: POLICY_CHECK_LIMIT,
  blockedBy: ['nodes-ready', 'image-store', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'policy-default-deny', 'policy-allow-by-pod'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { friend, stranger, foreigner, targets } = await policyStage(context, NAME, 'first-and-last');
    return provePolicies(context, NAME, [
      {
        name: 'allow the other namespace',
        spec: {
          podSelector: { matchLabels: targetLabels(NAME) },
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ namespaceSelector: { matchLabels: OTHER_LABELS } }] }],
        },
        allowed: flows([foreigner], targets),
        denied: flows([friend, stranger], targets),
      },
    ]);
  },
  sabotages: [
    {
      name: 'policy-sets-emptied',
      observed: /allow the other namespace: allowed pod foreigner → http:\/\/\S+: .*(refused|timed out)/,
      apply: policySetsEmptied,
    },
    { name: 'policy-agent-gone', observed: /allow the other namespace: denied pod \S+ → http:\/\/\S+: answered by/, apply: policyAgentGone },
  ],
};
