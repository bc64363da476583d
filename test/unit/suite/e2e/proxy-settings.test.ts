import { expect, test } from 'vitest';
import type { ClusterDeployment } from '../../../../lifecycle/cluster-deployment.ts';
import { asWritten, expectedProxy, proxyComplaints } from '../../../../harness/suite/e2e/proxy-settings.ts';

const deployment = { spec: { kubernetes: { version: '1.34.4' }, network: { podCIDR: '10.244.0.0/16', proxyMode: 'nftables' } } } as unknown as ClusterDeployment;
const expected = expectedProxy(deployment, { name: 'n1', address: '10.0.0.2' }, { container: 'podman' });
const CONNTRACK = { MaxPerCore: 0, Min: 0, TCPEstablishedTimeout: '0s', TCPCloseWaitTimeout: '0s' };
const COMMON = { BindAddress: '0.0.0.0', ClientConnection: { Kubeconfig: '/etc/kubernetes/kube-proxy.conf' }, HostnameOverride: 'n1', MetricsBindAddress: '127.0.0.1:10249', Mode: 'nftables', NodePortAddresses: ['10.0.0.2/32'] };

/** As versions say it: 1.20, 1.34, 1.37. */
const SAID = {
  flat: { ...COMMON, ClusterCIDR: '10.244.0.0/16', Conntrack: CONNTRACK, IPTables: { MasqueradeAll: false } },
  nested: { ...COMMON, DetectLocal: { ClusterCIDRs: ['10.244.0.0/16'] }, Linux: { Conntrack: CONNTRACK, MasqueradeAll: false }, IPTables: { MasqueradeBit: 14 } },
  written: { ...expected, iptables: { masqueradeAll: false, masqueradeBit: 14 }, nodePortAddresses: ['primary'] },
};
const judge = (said: object) => proxyComplaints(expected, { asked: [], words: [], reloaded: true, disk: { ...expected }, live: { 'kubeproxy.config.k8s.io': said }, facts: { container: 'podman', resolv_conf: '', cgroup: { version: 1, shared: [] } } }, { address: '10.0.0.2' });

test('conntrack is the business of a real machine, and IPv6 listens on its own', () => {
  expect(expected).toMatchObject({ bindAddress: '0.0.0.0', conntrack: { maxPerCore: 0 }, clusterCIDR: '10.244.0.0/16', mode: 'nftables', hostnameOverride: 'n1' });
  expect(expectedProxy(deployment, { name: 'n1', address: 'fd00::2' }, { container: '' })).toMatchObject({ bindAddress: '::' });
  expect(expectedProxy(deployment, { name: 'n1', address: 'fd00::2' }, { container: '' })).not.toHaveProperty('conntrack');
});

test.each(Object.entries(SAID))('settings that are said %s are understood', (_, said) => {
  expect(judge(said)).toEqual([]);
});

test.each([
  [{ ...SAID.flat, IPTables: { MasqueradeAll: true } }, 'kube-proxy has iptables.masqueradeAll true, expected false'],
  [{ ...SAID.nested, Linux: { Conntrack: CONNTRACK, MasqueradeAll: true } }, 'kube-proxy has iptables.masqueradeAll true, expected false'],
  [{ ...SAID.nested, NodePortAddresses: ['127.0.0.0/8'] }, 'kube-proxy has nodePortAddresses ["127.0.0.0/8"], expected ["primary"]'],
])('%j is a complaint', (said, complaint) => {
  expect(judge(said)).toEqual([complaint]);
});

test('in its mode iptables it serves node ports everywhere, and says nothing', () => {
  const iptables = { ...expected, mode: 'iptables' };
  const seen = { asked: [], words: [], reloaded: true, disk: iptables, facts: { container: 'podman', resolv_conf: '', cgroup: { version: 1, shared: [] } } };
  expect(proxyComplaints(iptables, { ...seen, live: { 'kubeproxy.config.k8s.io': { ...SAID.flat, Mode: 'iptables', NodePortAddresses: null } } }, { address: '10.0.0.2' })).toEqual([]);
  expect(proxyComplaints(iptables, { ...seen, live: { 'kubeproxy.config.k8s.io': { ...SAID.flat, Mode: 'iptables' } } }, { address: '10.0.0.2' })).toEqual(['kube-proxy has nodePortAddresses ["primary"], expected []']);
});

test('what nobody asks for is left out', () => {
  expect(asWritten({ Mode: 'iptables', OOMScoreAdj: -999 }, { mode: '' })).toEqual({ mode: 'iptables' });
});
