import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { MachineRequest, Seed } from '../contract.ts';
import type { ContainerSpec, Mount } from './engine.ts';
import { STATE_DIRECTORIES, type MachineFiles } from './keys.ts';
import { labelled, type Labels } from './labels.ts';
import { macAddress } from './network.ts';

/**
 * What PID 1 does before it becomes systemd. Containers' mounts are private; kubelet and its pods need shared ones, also
 * after every power-on and before any unit starts. kubelet reads /dev/kmsg, which some hosts do not pass on.
 */
const BOOT = [
  'mount --make-rshared /',
  '[ -e /dev/kmsg ] || ln -s console /dev/kmsg',
  'exec /sbin/init "$@"',
].join(' && ');

/** Read by systemd from its own arguments, as a container has no kernel command line: unit by unit on the console. */
const INIT_ARGUMENTS = ['systemd.show_status=true', 'systemd.log_color=false'];

export interface MachineBlueprint {
  readonly lease: string;
  readonly request: MachineRequest;
  readonly address: string;
  readonly ipv6Address?: string;
  readonly network: string;
  readonly image: string;
  readonly seeds: readonly Seed[];
  readonly files: MachineFiles;
  readonly labels: Labels;
}

export function containerName(lease: string, machine: string): string {
  return `proofgrid-${lease}-${machine}`;
}

export function containerSpec(blueprint: MachineBlueprint): ContainerSpec {
  const { lease, request, address } = blueprint;
  return {
    name: containerName(lease, request.name),
    hostname: request.name,
    network: blueprint.network,
    address,
    ...(blueprint.ipv6Address !== undefined && { ipv6Address: blueprint.ipv6Address }),
    macAddress: macAddress(address),
    image: blueprint.image,
    // docker refuses more than there are.
    cpus: Math.min(request.cpus, availableParallelism()),
    memory: request.memory,
    labels: { ...blueprint.labels, ...labelled({ machine: request.name, address }) },
    environment: { container_uuid: machineId(lease, request.name) },
    ulimits: hostUlimits(readFileSync('/proc/self/limits', 'utf8')),
    mounts: mounts(blueprint),
    entrypoint: '/bin/sh',
    arguments: ['-c', BOOT, 'init', ...INIT_ARGUMENTS],
  };
}

function mounts({ files, seeds }: MachineBlueprint): Mount[] {
  const writable = Object.keys(STATE_DIRECTORIES).map((name) => ({
    source: join(files.root, name),
    target: `/var/lib/${name}`,
    readOnly: false,
  }));
  const modules = existsSync('/lib/modules') ? [{ source: '/lib/modules', target: '/lib/modules' }] : [];
  const keys = [
    { source: files.hostKey, target: '/etc/ssh/ssh_host_ed25519_key' },
    { source: `${files.hostKey}.pub`, target: '/etc/ssh/ssh_host_ed25519_key.pub' },
  ];
  return [
    ...writable,
    { source: files.ssh, target: '/root/.ssh', readOnly: false },
    ...[...keys, ...modules, ...seeds].map((mount) => ({ ...mount, readOnly: true })),
  ];
}

/** machine-id(5) of a machine: its own, and the same again after a power cut. */
function machineId(lease: string, machine: string): string {
  const hash = createHash('sha256').update(`${lease}/${machine}`).digest('hex').slice(0, 32);
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What Debian's units want, and never more than this process may pass on: without CAP_SYS_RESOURCE nobody can raise a limit. */
const WANTED = { nofile: 1_048_576, nproc: 32_000 } as const;

/** From `/proc/self/limits`. */
export function hostUlimits(limits: string): Record<keyof typeof WANTED, number> {
  const hard = (title: string) => {
    const value = new RegExp(`^${title}\\s+\\S+\\s+(\\S+)`, 'm').exec(limits)?.[1];
    return value === undefined || value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
  };
  return {
    nofile: Math.min(WANTED.nofile, hard('Max open files')),
    nproc: Math.min(WANTED.nproc, hard('Max processes')),
  };
}
