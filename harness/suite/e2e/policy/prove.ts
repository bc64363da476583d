import type { V1NetworkPolicyPeer, V1NetworkPolicyPort, V1NetworkPolicySpec } from '@kubernetes/client-node';
import type { ClusterContext, Observation } from '../../check.ts';
import { kube } from '../api-server.ts';
import { statusMessage } from '../kube-api.ts';
import { POLICY_NAMESPACES } from '../namespace.ts';
import { ProductFault } from '../product-fault.ts';
import { reachFromPod } from '../reach.ts';
import { patiently, until } from '../wait.ts';
import { urlOf, type Flow, type PolicyPod } from './stage.ts';

/** Milliseconds: an agent lays its rules within one or two seconds of a change, on a busy machine within five. */
const TAKES_EFFECT_LIMIT = 20_000;
const POLICIES = `/apis/networking.k8s.io/v1/namespaces/${POLICY_NAMESPACES[0]}/networkpolicies`;

/** As the API has it; client-node calls `from` by another name. */
export interface PolicySpec extends Pick<V1NetworkPolicySpec, 'podSelector' | 'policyTypes' | 'egress'> {
  readonly ingress?: readonly { readonly from?: readonly V1NetworkPolicyPeer[]; readonly ports?: readonly V1NetworkPolicyPort[] }[];
}

/** What a policy must do to traffic that passed before it. */
export interface PolicyStep {
  /** For a person: `deny by default`. */
  readonly name: string;
  readonly spec: PolicySpec;
  readonly allowed: readonly Flow[];
  readonly denied: readonly Flow[];
}

/**
 * Traffic passes, the policies divide it one after the other, and without them all of it passes again: a network that is
 * dead or one that enforces nothing is red. @throws ProductFault
 */
export async function provePolicies(context: ClusterContext, check: string, steps: readonly PolicyStep[]): Promise<Observation> {
  const everything = steps.flatMap(({ allowed, denied }) => [...allowed, ...denied]);
  await untilOpen(context, 'before any policy', everything);
  try {
    for (const { name, spec, allowed, denied } of steps) {
      await applyPolicy(context, check, spec);
      await untilEnforced(context, name, { allowed, denied });
      // What holds for a moment only, between two changes of the rules, is no policy.
      const later = await complaintsAbout(context, name, { allowed, denied });
      if (later.length > 0) throw new ProductFault(`${name} stays in force`, later.join('; '));
    }
  } finally {
    await removePolicy(context, check);
  }
  await untilOpen(context, 'after the policies', everything);
  const counts = steps.map(({ name, allowed, denied }) => `${name}: ${allowed.length} passed, ${denied.length} refused`);
  return { passed: true, expected: counts.join('; '), observed: counts.join('; ') };
}

/** Waits until the policy divides the traffic as it says. @throws ProductFault with what is wrong then */
export function untilEnforced(context: ClusterContext, name: string, expected: Pick<PolicyStep, 'allowed' | 'denied'>): Promise<void> {
  return until({
    what: `the network enforces: ${name}`,
    limitMs: patiently(context, TAKES_EFFECT_LIMIT),
    signal: context.signal,
    attempt: async () => {
      const complaints = await complaintsAbout(context, name, expected);
      return complaints.length === 0 ? { value: undefined } : { observed: complaints.slice(0, 6).join('; ') };
    },
  });
}

export function untilOpen(context: ClusterContext, when: string, allowed: readonly Flow[]): Promise<void> {
  return untilEnforced(context, when, { allowed, denied: [] });
}

export async function applyPolicy(context: ClusterContext, check: string, spec: PolicySpec): Promise<void> {
  const body = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: check }, spec };
  const path = `${POLICIES}/${check}?fieldManager=proofgrid-e2e&force=true`;
  const answer = await kube(context).send({ method: 'PATCH', path, body, contentType: 'application/apply-patch+yaml' });
  if (answer.status >= 300) throw new ProductFault('the API server takes a NetworkPolicy', `HTTP ${answer.status}: ${statusMessage(answer.body)}`);
}

export async function removePolicy(context: ClusterContext, check: string): Promise<void> {
  await kube(context).remove(`${POLICIES}/${check}`);
}

async function complaintsAbout(context: ClusterContext, name: string, { allowed, denied }: Pick<PolicyStep, 'allowed' | 'denied'>): Promise<string[]> {
  const sources = new Map<PolicyPod, { flow: Flow; pass: boolean }[]>();
  for (const each of [...allowed.map((flow) => ({ flow, pass: true })), ...denied.map((flow) => ({ flow, pass: false }))]) {
    sources.set(each.flow.from, [...(sources.get(each.flow.from) ?? []), each]);
  }
  const found = await Promise.all(
    [...sources].map(async ([pod, asked]) => {
      const targets = asked.map(({ flow }) => ({ url: urlOf(flow), answers: [flow.to.name] }));
      const reached = await reachFromPod(context, pod.name, targets, pod.namespace);
      return reached.flatMap(({ ok, answered, answer, from, url }, index) => {
        const pass = asked[index]?.pass ?? false;
        if (pass) return ok ? [] : [`${name}: allowed ${from} → ${url}: ${answer || 'no answer'}`];
        return answered ? [`${name}: denied ${from} → ${url}: answered by ${answer}`] : [];
      });
    }),
  );
  return found.flat();
}
