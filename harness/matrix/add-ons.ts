import type { AddOn, AddOns } from './cell.ts';
import type { MatrixDocument } from './schema.ts';
import type { Facts } from './versions/facts.ts';

type Component = 'coredns' | 'kube-router' | 'metrics-server';

/** Of the library under it, which asks for no version of Kubernetes. */
const LOCAL_VOLUMES_VERSION = '13.1.0';

/** The add-ons of the matrix in the versions that go with a Kubernetes version, or why there are none. */
export function addOnsOf({ versions, dns, policy, metrics, storage }: MatrixDocument, { kubernetes, network }: { readonly kubernetes: string; readonly network: string }): AddOns {
  const facts = versions.factsOf(kubernetes);
  const flannel = 'version' in facts.flannel && network.startsWith('flannel-') ? facts.flannel.version : undefined;
  return {
    dns: 'image' in dns && dns.image !== undefined ? { type: 'coredns', image: dns.image } : inVersion('coredns', dns, facts),
    policy: inVersion('kube-router', policy, facts),
    metrics: inVersion('metrics-server', metrics, facts),
    storage: storage.type === 'none' ? storage : { type: storage.type, version: LOCAL_VOLUMES_VERSION },
    ...(flannel !== undefined && { flannel }),
  };
}

function inVersion<T extends Component>(type: T, wanted: { readonly type: NoInfer<T> } | { readonly type: 'none'; readonly reason: string }, facts: Facts): AddOn<T> {
  if ('reason' in wanted) return wanted;
  const fact = facts[type];
  if ('none' in fact) return { type: 'none', reason: `${fact.none} (${fact.source})` };
  return { type, version: fact.version };
}
