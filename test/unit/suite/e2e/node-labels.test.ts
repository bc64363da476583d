import type { V1Node, V1Taint } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { complainOfNode } from '../../../../harness/suite/e2e/node-labels.ts';

const LABELS = { 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
const taint = (key: string): V1Taint => ({ key, effect: 'NoSchedule' });
const node = (spec: V1Node['spec'], labels: Record<string, string> = LABELS) =>
  ({ metadata: { name: 'n1', labels }, spec, status: { nodeInfo: { operatingSystem: 'linux', architecture: 'amd64' } } }) as unknown as V1Node;
const both = [taint('node-role.kubernetes.io/master'), taint('node-role.kubernetes.io/control-plane')];

test.each([
  ['1.20.2', both],
  ['1.24.17', both],
  ['1.25.0', both.slice(1)],
])('a control plane that is no worker has the taints of %s', (version, taints) => {
  const host = { name: 'n1', roles: ['control-plane', 'etcd'] };
  expect(complainOfNode(host, node({ taints }), version)).toEqual([]);
  expect(complainOfNode(host, node({}), version).join()).toMatch(/^n1: taints are \[\], expected \[node-role/);
});

test('a cordon is one complaint, without its taint; that taint alone is a complaint as well', () => {
  const host = { name: 'n1', roles: ['worker'] };
  const taints = [taint('node.kubernetes.io/unschedulable')];
  expect(complainOfNode(host, node({ unschedulable: true, taints }), '1.34.4')).toEqual(['n1: is cordoned']);
  expect(complainOfNode(host, node({ taints }), '1.34.4')).toEqual(['n1: taints are [node.kubernetes.io/unschedulable:NoSchedule], expected []']);
});

test('a label that is lost is named', () => {
  const { 'kubernetes.io/os': _, ...rest } = LABELS;
  expect(complainOfNode({ name: 'n1', roles: ['worker'] }, node({}, rest), '1.34.4')).toEqual(['n1: label kubernetes.io/os is missing, expected linux']);
});
