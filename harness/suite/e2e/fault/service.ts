import type { ClusterContext } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { fixture } from '../fixture.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';
import { stopUnit } from './unit.ts';
import { until } from '../wait.ts';

/**
 * On the last node kube-proxy is gone and a chain of its rules lost; it lays them all again once it runs.
 * `KUBE-SERVICES` holds the way to every service, `KUBE-NODEPORTS` that to node ports alone.
 */
export async function loseServiceRules(context: ClusterContext, chain: 'KUBE-SERVICES' | 'KUBE-NODEPORTS', mend: Mend): Promise<void> {
  const host = last(nodes(context));
  await fixture(context);
  const rules = () => must(host, ['iptables', '--wait', '10', '-t', 'nat', '-S', chain]);
  mend(() =>
    until({
      what: `kube-proxy has laid ${chain} on ${host.name} again`,
      limitMs: 60_000,
      signal: context.signal,
      attempt: async () => ((await rules()).includes('-A') ? { value: undefined } : { observed: 'an empty chain' }),
    }),
  );
  await stopUnit([host], 'kube-proxy', mend);
  await must(host, ['iptables', '--wait', '10', '-t', 'nat', '-F', chain]);
}
