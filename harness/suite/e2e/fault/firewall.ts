import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

/** Inserts one rule before all others: `['filter', 'INPUT', '-p', 'tcp', …]`. */
export async function addRule(host: Host, [table, chain, ...rule]: readonly [string, string, ...string[]], mend: Mend, program: 'iptables' | 'ip6tables' = 'iptables'): Promise<void> {
  const words = [program, '--wait', '10', '-t', table];
  mend(() => must(host, [...words, '-D', chain, ...rule]));
  await must(host, [...words, '-I', chain, '1', ...rule]);
}
