import type { AddOn, AddOns } from './cell.ts';
import type { MatrixDocument } from './schema.ts';
import type { Facts } from './versions/facts.ts';

type Component = 'coredns' | 'kube-router' | 'metrics-server';

/** Of the library under it, which asks for no version of Kubernetes. */
const LOCAL_VOLUMES_VERSION = '13.1.0';

interface NoAddOn {
  readonly type: 'none';
  readonly reason: string;
}
interface CellAxes {
  readonly kubernetes: string;
  readonly network: string;
  readonly families: string;
  readonly topology: string;
}

/** The add-ons of the matrix in the versions that go with a Kubernetes version, or why there are none. */
export function addOnsOf({ versions, dns, ...others }: MatrixDocument, { kubernetes, network, families, topology }: CellAxes): AddOns {
  const facts = versions.factsOf(kubernetes);
  const flannel = 'version' in facts.flannel && network.startsWith('flannel-') ? facts.flannel.version : undefined;
  return {
    dns: 'image' in dns && dns.image !== undefined ? { type: 'coredns', image: dns.image } : inVersion('coredns', dns, facts),
    policy: inVersion('kube-router', onFamilies(onTopology(others.policy, topology), families), facts),
    metrics: inVersion('metrics-server', onTopology(others.metrics, topology), facts),
    storage: localVolumes(onTopology(others.storage, topology)),
    ...(flannel !== undefined && { flannel }),
  };
}

/** What is wanted of an add-on on one topology. */
function onTopology<T extends { readonly type: string; readonly topologies?: readonly string[] | undefined }>(wanted: T, topology: string): T | NoAddOn {
  if (wanted.topologies === undefined || wanted.topologies.includes(topology)) return wanted;
  return { type: 'none', reason: `the matrix has ${wanted.type} on the topologies ${wanted.topologies.join(', ')} alone` };
}

/** Its rules of IPv6 ask for sets that it does not make: it fills inet6:… instead. No later version is on the Go module proxy. */
const NO_IPV6_POLICY = 'kube-router 2.1.0 enforces no policies over IPv6 (https://github.com/cloudnativelabs/kube-router/issues/1653)';

function onFamilies<T extends { readonly type: string }>(wanted: T, families: string): T | NoAddOn {
  return wanted.type === 'kube-router' && families !== 'ipv4' ? { type: 'none', reason: NO_IPV6_POLICY } : wanted;
}

function localVolumes(wanted: MatrixDocument['storage']): AddOns['storage'] {
  return wanted.type === 'none' ? wanted : { type: wanted.type, version: LOCAL_VOLUMES_VERSION };
}

function inVersion<T extends Component>(type: T, wanted: { readonly type: NoInfer<T> } | { readonly type: 'none'; readonly reason: string }, facts: Facts): AddOn<T> {
  if ('reason' in wanted) return wanted;
  const fact = facts[type];
  if ('none' in fact) return { type: 'none', reason: `${fact.none} (${fact.source})` };
  return { type, version: fact.version };
}
