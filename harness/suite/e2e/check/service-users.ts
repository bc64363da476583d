import type { Check, Host } from '../../check.ts';
import { controlPlanes, last } from '../api-server.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { processStates, type ProcessState } from '../process-state.ts';

/** Each runs as the user of its own name. */
const UNITS = { 'etcd': ['etcd'], 'control-plane': ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] } as const;

export const serviceUsers: Check = {
  name: 'service-users',
  title: 'etcd and the control plane run as users of their own, without any capability and without a way to one (CIS 1.1.12)',
  // One command on each machine.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases'],
  async run(context) {
    const complaints = await Promise.all(context.hosts.map(complain));
    return judgeComplaints('services as their own users without capabilities', complaints.flat());
  },
  sabotages: [
    {
      name: 'scheduler-as-root',
      observed: /^\S+: kube-scheduler runs as root$/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        await overrideUnit(last(controlPlanes(context)), 'kube-scheduler', ['User=root', 'Group=root'], mend);
        await controlPlaneWhole(context);
      }),
    },
    {
      name: 'controller-manager-unbounded',
      observed: /^\S+: kube-controller-manager may use capabilities: [0-9a-f]+; \S+: kube-controller-manager may gain privileges$/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        // Without the filters, each of which implies that no privileges are gained.
        const lines = ['CapabilityBoundingSet=~', 'NoNewPrivileges=no', ...IMPLYING.map((name) => `${name}=`), ...IMPLYING_SWITCHES.map((name) => `${name}=no`)];
        await overrideUnit(last(controlPlanes(context)), 'kube-controller-manager', lines, mend);
        await controlPlaneWhole(context);
      }),
    },
  ],
};

/** Settings that imply NoNewPrivileges=, for a user other than root: systemd.exec(5). */
const IMPLYING = ['RestrictAddressFamilies', 'SystemCallFilter', 'SystemCallArchitectures'];
const IMPLYING_SWITCHES = ['LockPersonality', 'MemoryDenyWriteExecute', 'PrivateDevices', 'ProtectClock', 'ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables', 'RestrictNamespaces', 'RestrictRealtime', 'RestrictSUIDSGID'];

async function complain(host: Host): Promise<string[]> {
  const units = Object.entries(UNITS).flatMap(([role, names]) => (host.roles.includes(role) ? names : []));
  const states = await processStates(host, units);
  return units.flatMap((unit, index) => judge(unit, states[index] ?? null).map((complaint) => `${host.name}: ${unit} ${complaint}`));
}

function judge(unit: string, state: ProcessState): string[] {
  if (state === null) return ['does not run'];
  const capabilities = [state.bounding, state.permitted].find((set) => /[^0]/.test(set));
  return [
    ...(state.users.join() === unit ? [] : [`runs as ${state.users.join(', ')}`]),
    ...(capabilities === undefined ? [] : [`may use capabilities: ${capabilities}`]),
    ...(state.noNewPrivileges ? [] : ['may gain privileges']),
  ];
}

/** As `systemctl edit --runtime` does it. */
async function overrideUnit(host: Host, unit: string, lines: readonly string[], mend: Mend): Promise<void> {
  const directory = `/run/systemd/system/${unit}.service.d`;
  mend(() => restartUnit(host, unit));
  mend(() => must(host, ['systemctl', 'daemon-reload']));
  mend(() => must(host, ['rm', '-rf', directory]));
  await must(host, ['mkdir', '-p', directory]);
  await must(host, ['tee', `${directory}/sabotage.conf`], { input: `[Service]\n${lines.join('\n')}\n` });
  await must(host, ['systemctl', 'daemon-reload']);
  await restartUnit(host, unit);
}
