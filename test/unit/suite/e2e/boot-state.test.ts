import { expect, test } from 'vitest';
import type { ClusterDeployment } from '../../../../lifecycle/cluster-deployment.ts';
import { bootComplaints, kernelComplaints, storedSysctl, wantedAtBoot, type BootState, type Wanted } from '../../../../harness/suite/e2e/boot-state.ts';

const WANTED: Wanted = { units: ['kubelet'], sysctls: { 'net.ipv4.ip_forward': '1' }, features: { br_netfilter: '/proc/x' } };
const FINE: BootState = {
  units: { kubelet: { LoadState: 'loaded', UnitFileState: 'enabled' } }, target: 'graphical.target', container: false, swaps: [], swapsAtBoot: [], swapOff: false,
  sysctls: { 'net.ipv4.ip_forward': ['1'] }, sysctlFiles: 'net.ipv4.ip_forward = 1', moduleFiles: '# x\nbr_netfilter\n', features: ['br_netfilter'],
};
const complain = (other: Partial<BootState>) => bootComplaints(WANTED, { ...FINE, ...other });

test('a machine that comes back as it is, is fine', () => {
  expect(complain({})).toEqual([]);
  expect(kernelComplaints(WANTED, FINE)).toEqual([]);
});

test.each<[Partial<BootState>, string]>([
  [{ units: { kubelet: { LoadState: 'loaded', UnitFileState: 'disabled' } } }, 'kubelet is disabled, and does not start at boot'],
  [{ units: { kubelet: { LoadState: 'loaded', UnitFileState: 'enabled-runtime' } } }, 'kubelet is enabled-runtime, and does not start at boot'],
  [{ units: { kubelet: { LoadState: 'masked', UnitFileState: 'masked' } } }, 'kubelet is masked'],
  [{ units: {} }, 'kubelet is not-found, and does not start at boot'],
  [{ target: 'rescue.target' }, 'boots into rescue.target, which starts no services'],
  [{ swaps: ['/dev/sda2'] }, 'swaps to /dev/sda2'],
  [{ swapsAtBoot: ['/etc/fstab: /swapfile'] }, 'swap comes back at boot: /etc/fstab: /swapfile'],
  [{ sysctlFiles: 'net.ipv4.ip_forward=1\nnet/ipv4/ip_forward = 0' }, 'net.ipv4.ip_forward will be 0, expected 1'],
  [{ sysctlFiles: '' }, 'net.ipv4.ip_forward will be what the kernel has by default, expected 1'],
  [{ moduleFiles: '#br_netfilter' }, 'br_netfilter is not loaded at boot'],
])('%j is a complaint', (other, complaint) => {
  expect(complain(other)).toEqual([complaint]);
});

test("the swap of a machine below is not the container's, and what is switched off again does not come back", () => {
  expect(complain({ container: true, swaps: ['/dev/sda2'] })).toEqual([]);
  expect(complain({ swapOff: true, swapsAtBoot: ['/etc/fstab: /swapfile'] })).toEqual([]);
});

test('a live setting that differs, or is missing, is a complaint', () => {
  expect(kernelComplaints(WANTED, { ...FINE, sysctls: { 'net.ipv4.ip_forward': [] }, features: [] })).toEqual(['net.ipv4.ip_forward is missing, expected 1', 'the kernel has no br_netfilter']);
});

test('a setting by its name goes before a pattern, and the last of its kind counts', () => {
  const files = '-net.ipv4.conf.eth0.rp_filter = 2\nnet.ipv4.conf.*.rp_filter=1\n; net.ipv4.conf.eth0.rp_filter=3';
  expect(storedSysctl(files, 'net.ipv4.conf.eth0.rp_filter')).toBe('2');
  expect(storedSysctl(files, 'net.ipv4.conf.cni0.rp_filter')).toBe('1');
  expect(storedSysctl('net.ipv4.ip_forward=1\nnet.ipv4.conf.all.forwarding = 0', 'net.ipv4.ip_forward')).toBe('0');
  expect(storedSysctl('net/ipv4/conf/eth0.100/rp_filter = 1', 'net.ipv4.conf.eth0/100.rp_filter')).toBe('1');
});

test("the playbooks' services, settings and modules are found for each role", () => {
  const spec = { controlPlane: { endpoint: { type: 'virtual-address' } }, runtime: { name: 'docker' }, network: { plugin: 'vxlan', podCIDR: '10.244.0.0/16' } };
  const document = { spec } as unknown as ClusterDeployment;
  expect(wantedAtBoot(document, { roles: ['etcd', 'control-plane', 'worker'] })).toMatchObject({
    units: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'haproxy', 'keepalived', 'containerd', 'docker', 'kubelet', 'kube-proxy', 'pod-network'],
    sysctls: { 'net.ipv4.ip_forward': '1', 'vm.panic_on_oom': '0' },
    features: { br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables' },
  });
  expect(wantedAtBoot(document, { roles: ['etcd'] }).units).toEqual(['etcd']);
  const both = { spec: { ...spec, network: { plugin: 'vxlan', podCIDR: '10.244.0.0/16,fd00:10:244::/56' } } } as unknown as ClusterDeployment;
  expect(wantedAtBoot(both, { roles: ['worker'] }).sysctls).toMatchObject({ 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' });
  expect(wantedAtBoot(document, { roles: ['worker'] }).sysctls).not.toHaveProperty(['net.ipv6.conf.all.forwarding']);
});
