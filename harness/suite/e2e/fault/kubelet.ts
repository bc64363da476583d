import type { Sabotage } from '../../check.ts';
import { nodes } from '../api-server.ts';
import { addRule } from './firewall.ts';
import { faulty } from './mend.ts';

/** A firewall in front of every kubelet: pods run on, and the API server can no longer reach into them. */
export const kubeletsUnreachable: Sabotage['apply'] = faulty(async (context, mend) => {
  const rule = ['filter', 'INPUT', '-p', 'tcp', '--dport', '10250', '-j', 'REJECT', '--reject-with', 'tcp-reset'] as const;
  for (const host of nodes(context)) await addRule(host, [...rule], mend);
});
