import { expect, test } from 'vitest';
import { forVersion, playbookVariables, templateSettings } from '../../../../harness/suite/e2e/playbook-data.ts';

const ROWS = [{ value: { a: 1 } }, { since: '1.27', value: { b: true } }, { until: '1.27', value: { c: 'old' } }, { since: '1.30', until: '1.31', value: { a: null } }];

test.each([
  ['1.20.2+deb12u1', { a: 1, c: 'old' }],
  ['1.27.0', { a: 1, b: true }],
  ['1.30.9', { b: true }],
  ['1.31.0', { a: 1, b: true }],
])('the rows that hold for %s are merged', (version, merged) => {
  expect(forVersion(ROWS, version)).toEqual(merged);
});

test('later files win, and a value that is a number is one', () => {
  expect(playbookVariables('roles/etcd/defaults/main.yml', 'group_vars/all/etcd.yml')).toMatchObject({ etcd_quota_backend_bytes: expect.any(Number), etcd_client_port: 2379 });
});

test('a template gives what its variables and conditions make of it', () => {
  const settings = templateSettings('roles/node/templates/kube-proxy.yaml.j2', { kubernetes_directory: '{{ root }}', root: '/etc/kubernetes' }, {
    "pod_cidrs | join(',')": '10.244.0.0/16', "'::' if ':' in machine_address else '0.0.0.0'": '0.0.0.0', 'ansible_facts.machine.container': true, 'inventory_hostname': 'n1', 'cluster.spec.network.proxyMode': 'iptables',
  });
  expect(settings).toMatchObject({ clusterCIDR: '10.244.0.0/16', hostnameOverride: 'n1', conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s' }, clientConnection: { kubeconfig: '/etc/kubernetes/kube-proxy.conf' } });
});

test('lines whose condition does not hold are left out', () => {
  const settings = templateSettings('roles/node/templates/kube-proxy.yaml.j2', { kubernetes_directory: '/k' }, {
    "pod_cidrs | join(',')": '10.0.0.0/8', "'::' if ':' in machine_address else '0.0.0.0'": '::', 'ansible_facts.machine.container': false, 'inventory_hostname': 'n1', 'cluster.spec.network.proxyMode': 'nftables',
  });
  expect(settings).not.toHaveProperty('conntrack');
});

test('an expression that nobody gave a value for is no empty text', () => {
  expect(() => templateSettings('roles/node/templates/kube-proxy.yaml.j2', {}, {})).toThrow('a check has no value for {{ ');
});
