import type { ContainerSpec, NetworkSpec } from './engine.ts';
import type { Labels } from './labels.ts';

export function labelWords(labels: Labels): string[] {
  return Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
}

export function networkWords(spec: NetworkSpec): string[] {
  return ['--driver', 'bridge', '--subnet', spec.subnet, '--ip-range', spec.range, '--gateway', spec.gateway, ...ipv6Words(spec), ...labelWords(spec.labels)];
}

/** Engines match subnets and gateways by their order: IPv4 first. */
function ipv6Words({ ipv6 }: NetworkSpec): string[] {
  return ipv6 === undefined ? [] : ['--ipv6', '--subnet', ipv6.subnet, '--gateway', ipv6.gateway];
}

/** Options of `create` that podman and docker share. Kubelets and container engines inside need them all. */
export function containerWords(spec: ContainerSpec): string[] {
  return [
    '--name', spec.name,
    '--hostname', spec.hostname,
    '--network', spec.network,
    '--ip', spec.address,
    ...(spec.ipv6Address === undefined ? [] : ['--ip6', spec.ipv6Address]),
    '--mac-address', spec.macAddress,
    '--pull', 'never',
    '--privileged',
    '--cgroupns', 'private',
    // A terminal is what makes systemd and the kernel's messages appear on the console that the engine records.
    '--tty',
    '--stop-signal', 'SIGRTMIN+3',
    '--restart', 'no',
    '--pids-limit', '-1',
    '--cpus', String(spec.cpus),
    '--memory', String(spec.memory),
    // A fresh machine has an empty /run at every power-on; the default options forbid to execute, which containerd's shims need.
    '--tmpfs', '/run:rw,exec,nosuid,nodev,mode=755',
    '--tmpfs', '/run/lock:rw,nosuid,nodev,mode=1777',
    '--tmpfs', '/tmp:rw,exec,nosuid,nodev,mode=1777',
    ...Object.entries(spec.environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...Object.entries(spec.ulimits).flatMap(([name, value]) => ['--ulimit', `${name}=${value}:${value}`]),
    ...spec.mounts.flatMap(({ source, target, readOnly }) => [
      '--mount',
      ['type=bind', `source=${source}`, `target=${target}`, ...(readOnly ? ['readonly'] : [])].map(csvField).join(','),
    ]),
    ...labelWords(spec.labels),
    '--entrypoint', spec.entrypoint,
  ];
}

/** Both engines read `--mount` as one CSV record, and a path may contain a comma. */
function csvField(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
