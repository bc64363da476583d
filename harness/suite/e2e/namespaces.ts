import type { ClusterContext } from '../check.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { connect, type KubeApi } from './kube-api.ts';
import { NAMESPACE_LABELS, NAMESPACES } from './namespace.ts';
import { until } from './wait.ts';

/** Milliseconds: pods are killed, and a namespace is looked at again every few seconds. */
const REMOVAL_LIMIT = 120_000;

type Reachable = Pick<ClusterContext, 'kubeConfig' | 'dial'>;

/** @throws ProofgridError CHECK_NAMESPACE_FOREIGN when one of the checks' namespaces belongs to somebody else */
export async function refuseForeignNamespaces(context: Reachable & Pick<ClusterContext, 'signal'>): Promise<void> {
  const api = connect(context.kubeConfig, context);
  for (const name of NAMESPACES) {
    const { status, body } = await api.send({ path: `/api/v1/namespaces/${name}` });
    if (status === 404) continue;
    const labels = (JSON.parse(body) as { metadata?: { labels?: Readonly<Record<string, string>> } }).metadata?.labels ?? {};
    if (status === 200 && Object.entries(NAMESPACE_LABELS).every(([label, value]) => labels[label] === value)) continue;
    throw new ProofgridError({
      code: 'CHECK_NAMESPACE_FOREIGN',
      fault: 'usage',
      what: status === 200 ? `the cluster has a namespace ${name} that no check made: it has not the labels ${JSON.stringify(NAMESPACE_LABELS)}` : `the namespace ${name} cannot be looked at: HTTP ${status}`,
      remedy: 'remove or rename it; checks would delete it with all that is in it',
    });
  }
}

/** Resolves when nothing of the checks is left, however the run ended. */
export async function removeNamespaces(context: Reachable, log: (message: string) => void): Promise<void> {
  const signal = AbortSignal.timeout(REMOVAL_LIMIT);
  const api = connect(context.kubeConfig, { ...context, signal });
  const before = await existing(api);
  if (before.length === 0) return;
  await Promise.all(before.map(async (name) => api.remove(`/api/v1/namespaces/${name}`)));
  log(`removes ${before.join(', ')}`);
  await until({
    what: `the namespaces ${before.join(', ')} are gone`,
    limitMs: REMOVAL_LIMIT,
    signal,
    intervalMs: 500,
    attempt: async () => {
      const left = await existing(api);
      return left.length === 0 ? { value: undefined } : { observed: `${left.join(', ')} are left` };
    },
  });
}

async function existing(api: KubeApi): Promise<string[]> {
  const found = await Promise.all(NAMESPACES.map(async (name) => ((await api.send({ path: `/api/v1/namespaces/${name}` })).status === 200 ? [name] : [])));
  return found.flat();
}
