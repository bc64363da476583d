import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { bootComplaints, readBootState, wantedAtBoot } from '../boot-state.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';

/** Read after ours, by its name. */
const LATER = '/etc/sysctl.d/99-zz-sabotage.conf';

/** As zram-generator makes it. */
const GENERATED = '/run/systemd/generator/swap.target.wants/dev-zram0.swap';

export const survivesReboot: Check = {
  name: 'survives-reboot',
  title: 'After a reboot every machine has its services, kernel settings and modules again, and no swap',
  // One command on each machine.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  async run(context) {
    const complaints = await Promise.all(context.hosts.map(async (host) => {
      const wanted = wantedAtBoot(context.deployment, host);
      return bootComplaints(wanted, await readBootState(host, wanted)).map((complaint) => `${host.name}: ${complaint}`);
    }));
    return judgeComplaints(`${context.hosts.length} machines whose services, settings and modules come back`, complaints.flat());
  },
  sabotages: [
    {
      name: 'kubelet-disabled',
      observed: /^\S+: kubelet is disabled, and does not start at boot$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['systemctl', 'enable', '--quiet', 'kubelet']));
        await must(host, ['systemctl', 'disable', '--quiet', 'kubelet']);
      }),
    },
    {
      name: 'swap-in-fstab',
      observed: /^\S+: swap comes back at boot: \/etc\/fstab: \/swapfile$/,
      apply: faulty(async (context, mend) => editFile(last(nodes(context)), '/etc/fstab', '$a /swapfile none swap sw 0 0', mend)),
    },
    {
      name: 'swap-generated',
      observed: /^\S+: swap comes back at boot: dev-zram0\.swap$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['rm', '-f', GENERATED]));
        await must(host, ['install', '-D', '-m', '0644', '/dev/stdin', GENERATED], { input: '[Swap]\nWhat=/dev/zram0\n' });
      }),
    },
    {
      name: 'setting-contradicted',
      observed: /^\S+: net\.ipv4\.ip_forward will be 0, expected 1$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['rm', '-f', LATER]));
        await must(host, ['tee', LATER], { input: 'net.ipv4.ip_forward = 0\n' });
      }),
    },
    {
      name: 'module-not-loaded',
      observed: /^\S+: br_netfilter is not loaded at boot$/,
      apply: faulty(async (context, mend) => editFile(last(nodes(context)), '/etc/modules-load.d/proofgrid.conf', '/^br_netfilter$/d', mend)),
    },
    {
      name: 'another-target',
      observed: /^\S+: boots into rescue\.target, which starts no services$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const before = (await must(host, ['systemctl', 'get-default'])).trim();
        mend(() => must(host, ['systemctl', 'set-default', '--quiet', before]));
        await must(host, ['systemctl', 'set-default', '--quiet', 'rescue.target']);
      }),
    },
  ],
};
