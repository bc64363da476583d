import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterContext } from '../../check.ts';
import { bracket, kube, nodes } from '../api-server.ts';
import { ensureNamespace } from '../fixture.ts';
import { POLICY_NAMESPACES } from '../namespace.ts';
import { HTTP_PORT, startPods, testPod } from '../pod.ts';

const [NAMESPACE, OTHER_NAMESPACE] = POLICY_NAMESPACES;
/** Every pod serves on both, so that a policy can allow one of them. */
export const PORTS = [HTTP_PORT, 8090] as const;
/** Of the namespace that `foreigner` is in. */
export const OTHER_LABELS = { 'proofgrid.dev/policy': 'other' };
export const FRIEND_LABELS = { role: 'friend' };

export interface PolicyPod {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
}

/** Pods that policies stand between. All of them answer requests, so that each can be either end. */
export interface Stage {
  readonly friend: PolicyPod;
  readonly stranger: PolicyPod;
  /** In another namespace. */
  readonly foreigner: PolicyPod;
  /** The check's own pods, which its policies select; on the first node, where the three others are, and on the last or on every other. */
  readonly targets: readonly PolicyPod[];
}

/** What selects a check's own pods. */
export const targetLabels = (check: string) => ({ target: check });

/** Makes what is missing; pods of an earlier run of the same check are taken as they are. @throws ProductFault */
export async function policyStage(context: ClusterContext, check: string, where: 'every-node' | 'first-and-last'): Promise<Stage> {
  const api = kube(context);
  await Promise.all([ensureNamespace(context, api, NAMESPACE), ensureNamespace(context, api, OTHER_NAMESPACE, OTHER_LABELS)]);
  const names = nodes(context).map(({ name }) => name);
  const [first = '', last = ''] = [names.at(0), names.at(-1)];
  const targets = where === 'every-node' ? names : [...new Set([first, last])];
  const asked = [
    serving(context, 'friend', first, NAMESPACE, FRIEND_LABELS),
    serving(context, 'stranger', first, NAMESPACE, { role: 'stranger' }),
    serving(context, 'foreigner', first, OTHER_NAMESPACE, { role: 'foreigner' }),
    ...targets.map((node) => serving(context, `${check}-${node}`, node, NAMESPACE, targetLabels(check))),
  ];
  const started = await startPods(context, asked);
  const pods = started.map(({ name, address }, index): PolicyPod => ({ name, address, namespace: asked[index]?.metadata?.namespace ?? NAMESPACE }));
  const [friend, stranger, foreigner, ...own] = pods;
  if (friend === undefined || stranger === undefined || foreigner === undefined) throw new Error('startPods returns as many pods as were asked for');
  return { friend, stranger, foreigner, targets: own };
}

function serving(context: ClusterContext, name: string, node: string, namespace: string, labels: Readonly<Record<string, string>>): V1Pod {
  const pod = testPod(context, { name, node, namespace, placedBy: 'direct', labels, serving: true });
  const [container] = pod.spec?.containers ?? [];
  if (container === undefined || pod.spec === undefined) throw new Error('a test pod has one container');
  const { lifecycle: _, ...alike } = container;
  const second = { ...alike, name: 'second', args: ['netexec', `--http-port=${PORTS[1]}`, '--udp-port=8091'] };
  return { ...pod, spec: { ...pod.spec, containers: [container, second] } };
}

/** One kind of request between two pods. */
export interface Flow {
  readonly from: PolicyPod;
  readonly to: PolicyPod;
  readonly port: (typeof PORTS)[number];
}

/** From each to each. */
export function flows(from: readonly PolicyPod[], to: readonly PolicyPod[], port: (typeof PORTS)[number] = PORTS[0]): Flow[] {
  return from.flatMap((source) => to.map((target) => ({ from: source, to: target, port })));
}

export function urlOf({ to, port }: Flow): string {
  return `http://${bracket(to.address)}:${port}/hostname`;
}
