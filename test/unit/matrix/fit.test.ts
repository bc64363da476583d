import { expect, test } from 'vitest';
import { expandCells } from '../../../harness/matrix/expand.ts';
import { select, selectCells } from '../../../harness/matrix/select.ts';
import { changed, parseMatrix, shippedMatrix } from './shipped.ts';

const matrix = shippedMatrix();
/** With a default that 1.20 refuses. */
const newer = parseMatrix(changed({ 'axes.etcd.default': '3.7' }), 'm.yaml');

test.each(['1.20', '1.34', '1.35', '1.36', '1.37'])('--set kubernetes=%s needs nothing beside it, on any network', (minor) => {
  for (const network of ['host-gw', 'vxlan', 'flannel-host-gw', 'flannel-vxlan']) {
    expect(selectCells(matrix, { names: ['small'], set: [`kubernetes=${minor}`, `network=${network}`] })).toHaveLength(1);
  }
});

test('the newest value that Kubernetes takes stands in for a default that it refuses, and the plan says so', () => {
  const { cells: [planned] } = select(newer, { names: ['small'], set: ['kubernetes=1.20'] });
  expect(planned?.cell.axes).toMatchObject({ etcd: '3.6.16', runtime: 'containerd' });
  expect(planned?.why).toBe('named by its topology, with kubernetes 1.20.2+deb12u1, else defaults, etcd 3.6.16 because its Kubernetes refuses 3.7.3');
});

test('what was asked for is refused rather than replaced', () => {
  expect(() => selectCells(matrix, { names: ['small'], set: ['kubernetes=1.20', 'etcd=3.7'] })).toThrow(/kubernetes-1\.20-etcd/);
  expect(() => selectCells(matrix, { names: ['small'], set: ['kubernetes=1.37', 'runtime=docker'] })).toThrow(/kubernetes-1\.37-docker/);
});

test('a default engine that is too old gives way too', () => {
  expect(selectCells(matrix, { names: ['small'], set: ['kubernetes=1.38.0'] })[0]?.axes.runtime).toBe('containerd-2.4.2');
});

test('tiers do the same on axes that they do not name, for included cells too', () => {
  expect(selectCells(newer, { tier: 'smoke', set: ['kubernetes=1.20'] })[0]?.axes.etcd).toBe('3.6.16');
  const own = parseMatrix(changed({ 'axes.etcd.default': '3.7', 'tiers.smoke': { description: 'x', coverage: 'full', axes: { kubernetes: ['1.20', '1.37'] }, include: [{ kubernetes: '1.20', topology: 'ha' }] } }), 'm.yaml');
  expect(expandCells(own, 'smoke').map(({ axes }) => [axes.topology, axes.kubernetes, axes.etcd])).toEqual([
    ['ha', '1.20.2+deb12u1', '3.6.16'],
    ['all-in-one', '1.20.2+deb12u1', '3.6.16'],
    ['all-in-one', '1.37.2', '3.7.3'],
  ]);
});
