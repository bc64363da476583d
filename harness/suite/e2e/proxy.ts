import type { ClusterDeployment } from '../../../lifecycle/cluster-deployment.ts';
import type { ClusterContext, Host } from '../check.ts';
import { must } from './machine.ts';
import { until } from './wait.ts';

/** Milliseconds: kube-proxy starts in one or two seconds and lays all its rules at once. */
const START_LIMIT = 60_000;

/** Waits until kube-proxy of a node has laid its rules. @throws ProductFault */
export async function proxyRuns(context: ClusterContext, host: Host): Promise<void> {
  await until({
    what: `kube-proxy of ${host.name} is healthy`,
    limitMs: START_LIMIT,
    signal: context.signal,
    attempt: async () => ({ value: await must(host, ['curl', '--silent', '--show-error', '--fail', '--max-time', '5', 'http://127.0.0.1:10256/healthz']) }),
  });
}

/**
 * A mode that this version of kube-proxy has, apart from the document's: userspace went in 1.26, and nftables is on by
 * default since 1.31 (KEP-3866).
 */
export function otherProxyMode({ kubernetes, network }: Pick<ClusterDeployment['spec'], 'kubernetes' | 'network'>): string {
  if (network.proxyMode === 'nftables') return 'iptables';
  const minor = Number(kubernetes.version.split('.')[1]);
  if (minor >= 31) return 'nftables';
  if (minor < 26) return 'userspace';
  throw new Error(`kube-proxy ${kubernetes.version} has one mode on a kernel without IPVS`);
}
