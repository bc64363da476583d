import { firstNetwork } from '../../../../lifecycle/network-families.ts';
import type { ClusterContext, Host } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { fixture } from '../fixture.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';
import { stopUnit } from './unit.ts';
import { until } from '../wait.ts';

/** Ways to services that kube-proxy lays: those to all of them, or those to node ports alone. */
type Ways = 'all' | 'node-ports';

interface Rules {
  /** Prints the rules; the pattern says whether there are any. */
  readonly show: readonly string[];
  readonly present: RegExp;
  readonly lose: readonly string[];
}

const chain = (name: string): Rules => ({
  show: ['iptables', '--wait', '10', '-t', 'nat', '-S', name],
  present: /^-A /m,
  lose: ['iptables', '--wait', '10', '-t', 'nat', '-F', name],
});

const map = (family: string, name: string): Rules => ({
  show: ['nft', 'list', 'map', family, 'kube-proxy', name],
  present: /elements = \{/,
  lose: ['nft', 'flush', 'map', family, 'kube-proxy', name],
});

/** On the last node kube-proxy is gone and some of its rules lost; it lays them all again once it runs. */
export async function loseServiceRules(context: ClusterContext, ways: Ways, mend: Mend): Promise<void> {
  const host = last(nodes(context));
  await fixture(context);
  const { lose } = rulesOf(context, ways);
  mend(() => untilServiceRules(context, host, ways));
  await stopUnit([host], 'kube-proxy', mend);
  await must(host, lose);
}

/** kube-proxy calls itself healthy before it has laid its first rules. */
export async function untilServiceRules(context: ClusterContext, host: Host, ways: Ways = 'all'): Promise<void> {
  const { show, present } = rulesOf(context, ways);
  await until({
    what: `kube-proxy has laid its rules on ${host.name} again`,
    limitMs: 60_000,
    signal: context.signal,
    attempt: async () => (present.test(await must(host, show)) ? { value: undefined } : { observed: `${show.at(-1)} is empty` }),
  });
}

/** Names are kube-proxy's own: pkg/proxy/iptables/proxier.go and pkg/proxy/nftables/proxier.go of Kubernetes. */
function rulesOf({ deployment }: ClusterContext, ways: Ways): Rules {
  const { proxyMode } = deployment.spec.network;
  const services = firstNetwork(deployment.spec.network.serviceCIDR);
  if (proxyMode === 'iptables') return chain(ways === 'all' ? 'KUBE-SERVICES' : 'KUBE-NODEPORTS');
  return map(services.includes(':') ? 'ip6' : 'ip', ways === 'all' ? 'service-ips' : 'service-nodeports');
}
