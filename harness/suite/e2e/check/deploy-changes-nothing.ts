import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { must } from '../machine.ts';

/** A file of ours on every node that nothing rereads while it runs: altering it harms nobody. */
const FILE = '/etc/kubernetes/pki/ca.crt';

export const deployChangesNothing: Check = {
  name: 'deploy-changes-nothing',
  title: 'A second run of deploy changes nothing',
  // As long as a deploy from nothing may take on a slow machine; this one takes seconds.
  limitMs: 10 * 60_000,
  needs: ['operations'],
  // whatever these find altered, a deploy would change back
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready', 'etcd-settings', 'kernel-settings', 'survives-reboot', 'kubelet-settings', 'proxy-settings'],
  async run(context) {
    const { outcome, changed, changes = [], failure, log } = await context.operate('deploy', context.signal);
    const where = failure === undefined ? '' : `: ${failure.step}, task "${failure.task}" on ${failure.host}: ${failure.message}`;
    const expected = 'deploy passed, 0 changes';
    const what = changes.length === 0 ? '' : `\n${changes.join('\n')}${changed > changes.length ? `\nand ${changed - changes.length} more` : ''}`;
    return {
      passed: outcome === 'passed' && changed === 0,
      expected,
      observed: `deploy ${outcome}, ${changed} changes${where}${what}`,
      ...(log !== undefined && { evidence: log }),
    };
  },
  sabotages: [
    {
      name: 'file-altered',
      observed: /^deploy passed, [1-9]\d* changes\n.+ on /,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const content = await must(host, ['cat', FILE]);
        // The deploy under test mends it itself; this is for the case that it does not.
        mend(() => must(host, ['tee', FILE], { input: content }));
        await must(host, ['tee', '-a', FILE], { input: '\n' });
      }),
    },
    {
      name: 'mode-altered',
      observed: /^deploy passed, [1-9]\d* changes\n.+ on /,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const mode = (await must(host, ['stat', '-c', '%a', FILE])).trim();
        mend(() => must(host, ['chmod', mode, FILE]));
        await must(host, ['chmod', '0666', FILE]);
      }),
    },
  ],
};
