import type { Runtime } from '../../../lifecycle/cluster-deployment.ts';
import type { Suite } from '../debian/suite.ts';

/** What every machine has, whatever runs on it: the parts of a server that the playbooks and Kubernetes expect. */
const SYSTEM = [
  'systemd', 'systemd-sysv', 'dbus', 'openssh-server',
  // Ansible's side on a machine, with its apt module.
  'python3', 'python3-apt',
  'ca-certificates', 'curl', 'openssl', 'iproute2', 'iputils-ping', 'kmod', 'procps',
  // kubelet and kube-proxy call these; nft in kube-proxy's mode nftables. ipset shows and removes a network policy's sets.
  'iptables', 'nftables', 'ipset', 'conntrack', 'socat', 'ethtool', 'ebtables', 'containernetworking-plugins',
  // The API endpoint of clusters with several control planes.
  'haproxy', 'keepalived',
] as const;

const RUNTIME: Readonly<Record<Runtime, (suite: Suite) => readonly string[]>> = {
  containerd: () => ['containerd', 'runc'],
  // Debian 13 has moved the client into a package of its own.
  docker: (suite) => ['docker.io', 'runc', ...(suite === 'trixie' ? ['docker-cli'] : [])],
};

/** Without a runtime the machine has no container engine: it gets one of a release. */
export const packagesOf = (suite: Suite, runtime?: Runtime): readonly string[] => [...SYSTEM, ...(runtime === undefined ? [] : RUNTIME[runtime](suite))];

/** Packages whose exact version belongs into a report. */
export const REPORTED = ['systemd', 'openssh-server', 'containerd', 'docker.io', 'runc', 'containernetworking-plugins', 'haproxy', 'keepalived', 'python3'] as const;

/** Units of packages that the playbooks enable when a machine needs them. */
export const LEFT_TO_PLAYBOOKS = ['containerd.service', 'docker.service', 'docker.socket', 'haproxy.service', 'keepalived.service'] as const;

/** Units that only cost time, or touch what a machine shares with its host (devices, binfmt, kernel debugging). */
export const MASKED = [
  'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'e2scrub_reap.service',
  'fstrim.timer', 'logrotate.timer', 'motd-news.timer', 'systemd-tmpfiles-clean.timer',
  'getty.target', 'getty-static.service', 'console-getty.service', 'getty@tty1.service', 'systemd-logind.service', 'systemd-ask-password-console.path',
  'systemd-ask-password-wall.path', 'systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service', 'systemd-random-seed.service',
  'systemd-udevd.service', 'systemd-udev-trigger.service', 'systemd-udevd-control.socket', 'systemd-udevd-kernel.socket', 'systemd-hwdb-update.service',
  // Caches that the image holds already, or that nothing reads.
  'ldconfig.service', 'systemd-journal-catalog-update.service', 'systemd-update-done.service', 'modprobe@.service',
  'systemd-binfmt.service', 'proc-sys-fs-binfmt_misc.automount', 'proc-sys-fs-binfmt_misc.mount', 'systemd-modules-load.service', 'systemd-pstore.service',
  'dev-hugepages.mount', 'dev-mqueue.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount', 'sys-kernel-config.mount', 'sys-fs-fuse-connections.mount',
  'systemd-remount-fs.service', 'systemd-firstboot.service', 'systemd-machine-id-commit.service', 'tmp.mount', 'systemd-networkd-wait-online.service',
] as const;
