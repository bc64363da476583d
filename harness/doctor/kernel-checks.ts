import { DEFAULT_POOL, parseRoutes, poolUse } from '../provider/container/network.ts';
import { failure, type HostCheck } from './finding.ts';

/** systemd, its journal, containerd and kubelet hold about 20 per machine, and their pods more; 128 end at the fifth machine. */
const INOTIFY_INSTANCES = 8192;
/** kubelet and containerd watch every volume and container directory. */
const INOTIFY_WATCHES = 65_536;

const sysctl = (key: string, atLeast: number, why: string): HostCheck => ({
  name: key,
  async inspect({ read }) {
    const text = await read(`/proc/sys/${key.replaceAll('.', '/')}`);
    if (text !== undefined && Number(text) >= atLeast) return undefined;
    const problem = `${key} is ${text?.trim() ?? 'unreadable'}, at least ${atLeast} is needed: ${why}`;
    return failure(key, problem, `sysctl -w ${key}=${atLeast}`, { type: 'sysctl', key, value: String(atLeast) });
  },
});

const EVERY_MACHINE = 'every machine runs systemd, containerd and kubelet on this kernel';
export const inotifyInstancesCheck = sysctl('fs.inotify.max_user_instances', INOTIFY_INSTANCES, EVERY_MACHINE);
export const inotifyWatchesCheck = sysctl('fs.inotify.max_user_watches', INOTIFY_WATCHES, EVERY_MACHINE);
export const forwardingCheck = sysctl('net.ipv4.ip_forward', 1, 'machines reach package mirrors through this host');

export const overlayCheck: HostCheck = {
  name: 'overlay',
  async inspect({ read }) {
    if (/\toverlay$/m.test((await read('/proc/filesystems')) ?? '')) return undefined;
    return failure('overlay', 'the kernel has no overlay file system loaded', 'modprobe overlay', { type: 'module', module: 'overlay' });
  },
};

export const bridgeFilterCheck: HostCheck = {
  name: 'bridge-filter',
  async inspect({ read }) {
    if ((await read('/proc/sys/net/bridge/bridge-nf-call-iptables')) !== undefined) return undefined;
    const problem = 'the kernel module br_netfilter is not loaded, which Services need';
    return failure('bridge-filter', problem, 'modprobe br_netfilter', { type: 'module', module: 'br_netfilter' });
  },
};

/** Makes one of each in a network namespace that is gone when the command ends. */
const DEVICES = [
  'ip link add b0 type bridge',
  'ip link add v0 type veth peer name v1',
  'ip link add x0 type vxlan id 1 dstport 4789',
  'iptables -w -t nat -S >/dev/null',
].join(' && ');

export const networkCheck: HostCheck = {
  name: 'network-devices',
  async inspect({ run }) {
    const { exitCode, stderr } = await run(['unshare', '--net', 'sh', '-c', DEVICES]);
    if (exitCode === 0) return undefined;
    return failure(
      'network-devices',
      `cannot make a bridge, a veth pair, a vxlan device and a NAT table in a network namespace: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      'run as root on a kernel with bridge, veth, vxlan and iptables (modprobe bridge veth vxlan ip_tables)',
    );
  },
};

/** Networks of cells that run at once; a host that has fewer is about to have none. */
const FEW_NETWORKS = 16;

export const machineNetworksCheck: HostCheck = {
  name: 'machine-networks',
  async inspect({ read, run }) {
    const listed = await run(['ip', '-json', '-4', 'address', 'show']);
    const links = JSON.parse(listed.stdout || '[]') as { readonly addr_info?: readonly { readonly local?: string }[] }[];
    const addresses = links.flatMap(({ addr_info = [] }) => addr_info.flatMap(({ local }) => local ?? []));
    const { free, users } = poolUse(DEFAULT_POOL, addresses, parseRoutes((await read('/proc/net/route')) ?? ''));
    if (free >= FEW_NETWORKS) return undefined;
    const problem = `${free} networks of ${DEFAULT_POOL}.0.0/16 are free for machines; this host uses the others: ${users.slice(0, 3).join(', ')}, …`;
    return failure('machine-networks', problem, 'run proofgrid reap; routes and addresses that are not Proofgrid\'s have to be removed by whoever made them');
  },
};
