import { firstNetwork } from '../../../../lifecycle/network-families.ts';
import { isIPv6 } from 'node:net';
import type { Check } from '../../check.ts';
import { acceptBeforePolicies, policySetsEmptied } from '../fault/policy-agent.ts';
import { provePolicies } from '../policy/prove.ts';
import { skipWithoutPolicy, POLICY_CHECK_LIMIT } from '../policy/skip.ts';
import { flows, policyStage, targetLabels } from '../policy/stage.ts';

const NAME = 'policy-allow-by-cidr';
const only = (address: string) => `${address}/${isIPv6(address) ? 128 : 32}`;

export const policyAllowByCidr: Check = {
  name: NAME,
  title: 'A policy that allows a network by its CIDR lets its addresses pass, but for those excepted',
  limitMs: POLICY_CHECK_LIMIT,
  blockedBy: ['nodes-ready', 'image-store', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'policy-default-deny', 'policy-allow-by-pod'],
  skip: skipWithoutPolicy,
  async run(context) {
    const { friend, stranger, foreigner, targets } = await policyStage(context, NAME, 'first-and-last');
    const selected = { podSelector: { matchLabels: targetLabels(NAME) }, policyTypes: ['Ingress'] };
    return provePolicies(context, NAME, [
      {
        name: 'allow one address',
        spec: { ...selected, ingress: [{ from: [{ ipBlock: { cidr: only(foreigner.address) } }] }] },
        allowed: flows([foreigner], targets),
        denied: flows([friend, stranger], targets),
      },
      {
        name: 'allow all pods but one',
        spec: { ...selected, ingress: [{ from: [{ ipBlock: { cidr: firstNetwork(context.deployment.spec.network.podCIDR), except: [only(stranger.address)] } }] }] },
        allowed: flows([friend, foreigner], targets),
        denied: flows([stranger], targets),
      },
    ]);
  },
  sabotages: [
    { name: 'policy-sets-emptied', observed: /allow one address: allowed pod foreigner → http:\/\/\S+: .*(refused|timed out)/, apply: policySetsEmptied },
    { name: 'accept-before-policies', observed: /allow one address: denied pod \S+ → http:\/\/\S+: answered by/, apply: acceptBeforePolicies },
  ],
};
