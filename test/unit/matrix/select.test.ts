import { expect, test } from 'vitest';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { parseMatrix } from '../../../harness/matrix/load.ts';
import { selectCells, type Wish } from '../../../harness/matrix/select.ts';
import { changed, shippedMatrix } from './shipped.ts';

const matrix = shippedMatrix();

function refusal(wish: Wish): ProofgridError {
  try {
    selectCells(matrix, wish);
  } catch (error) {
    if (error instanceof ProofgridError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('without any wish: the tier smoke', () => {
  expect(selectCells(matrix, {})).toEqual([
    {
      slug: 'all-in-one-90400b02',
      axes: { os: 'debian-12', kubernetes: '1.20.2+deb12u1', runtime: 'containerd', etcd: '3.4', network: 'host-gw', topology: 'all-in-one' },
      runtime: 'containerd',
      machines: [{ name: 'node-1', roles: ['etcd', 'control-plane', 'worker'], cpus: 2, memory: 3 * 2 ** 30 }],
      suites: ['lifecycle', 'e2e'],
      sources: {
        kubernetes: { type: 'debian-source', suite: 'bookworm', package: 'kubernetes', version: '1.20.5+really1.20.2-1.1+deb12u1' },
        etcd: { type: 'debian-package', suite: 'bookworm', packages: ['etcd-server', 'etcd-client'] },
      },
      addOns: expect.objectContaining({ dns: { type: 'none', reason: expect.stringContaining('no source of a CoreDNS image') as string } }) as object,
    },
  ]);
});

test('a topology has the default on every other axis, and --set chooses another', () => {
  const [cell] = selectCells(matrix, { names: ['ha'], set: ['os=debian-13', 'runtime=docker'] });
  expect(cell?.axes).toEqual({ os: 'debian-13', kubernetes: '1.20.2+deb12u1', runtime: 'docker', etcd: '3.4', network: 'host-gw', topology: 'ha' });
  expect(cell?.machines.map(({ name }) => name)).toEqual(['control-plane-1', 'control-plane-2', 'control-plane-3', 'worker-1', 'worker-2']);
});

test('a slug names the very cell, and a cell named twice runs once', () => {
  const [cell] = selectCells(matrix, { names: ['small'], set: ['network=vxlan'] });
  const again = selectCells(matrix, { names: [cell?.slug ?? '', cell?.slug ?? ''] });
  expect(again).toEqual([cell]);
});

test('any full version comes from the upstream mirror', () => {
  const [cell] = selectCells(matrix, { names: ['small'], set: ['kubernetes=1.34.1', 'etcd=3.5.16'] });
  expect(cell?.sources).toEqual({
    kubernetes: { type: 'upstream', url: 'https://dl.k8s.io/release', version: '1.34.1' },
    etcd: { type: 'upstream', url: 'https://github.com/etcd-io/etcd/releases/download', version: '3.5.16' },
  });
});

test('--set narrows a tier', () => {
  const cells = selectCells(matrix, { tier: 'nightly', set: ['os=debian-13'] });
  expect(cells).toHaveLength(24);
  expect(new Set(cells.map(({ axes }) => axes.os))).toEqual(new Set(['debian-13']));
});

test('suites: those asked for, in the order they run, or the tier\'s, or the matrix\'s', () => {
  expect(selectCells(matrix, { names: ['small'], suites: ['e2e,lint'] })[0]?.suites).toEqual(['lint', 'e2e']);
  const other = parseMatrix(changed({ 'tiers.nightly.suites': ['e2e'] }), 'm.yaml');
  expect(selectCells(other, { tier: 'nightly' })[0]?.suites).toEqual(['e2e']);
  expect(selectCells(other, { names: ['small'], tier: 'nightly' })[0]?.suites).toEqual(['e2e']);
  expect(selectCells(other, { names: ['small'] })[0]?.suites).toEqual(['lifecycle', 'e2e']);
});

test('a cell with the user\'s network knows its manifest', () => {
  const own = parseMatrix(changed({ 'axes.network.manifest': 'cni/mine.yaml' }), '/somewhere/matrix.yaml');
  expect(selectCells(own, { names: ['small'], set: ['network=manifest'] })[0]?.networkManifest).toBe('/somewhere/cni/mine.yaml');
  expect(selectCells(own, { names: ['small'] })[0]).not.toHaveProperty('networkManifest');
});

test.each<[Wish, string]>([
  [{ names: ['al-in-one'] }, 'there is no cell "al-in-one"; did you mean all-in-one? Use a topology (all-in-one, small, ha) or a slug that `proofgrid plan --tier release` lists [MATRIX_UNKNOWN_CELL]'],
  [{ names: ['small'], set: ['os=debain-13'] }, 'os has no value "debain-13"; did you mean debian-13? Otherwise use one of debian-12, debian-13 [MATRIX_UNKNOWN_VALUE]'],
  [{ names: ['small'], set: ['kubernetes=1.34'] }, 'kubernetes has no value "1.34"; use one of 1.20.2+deb12u1, 1.20.2+deb11, or a full upstream version such as 1.34.1 [MATRIX_UNKNOWN_VALUE]'],
  [{ names: ['small'], set: ['oss=debian-13'] }, 'there is no axis "oss"; did you mean os? Otherwise use one of os, kubernetes, runtime, etcd, network, topology [UNKNOWN_AXIS]'],
  [{ names: ['small'], set: ['os'] }, '--set "os" is no axis=value; write for example --set os=debian-13 [SET_MALFORMED]'],
  [{ names: ['small'], set: ['os=debian-12', 'os=debian-13'] }, '--set names the axis os twice; keep one of them [SET_TWICE]'],
  [{ names: ['small'], set: ['topology=ha'] }, 'the cell small is named with the topology ha; drop one of them [MATRIX_TOPOLOGY_TWICE]'],
  [{ names: ['small'], suites: ['e3e'] }, 'there is no suite "e3e"; did you mean e2e? Otherwise use one of lint, lifecycle, e2e [UNKNOWN_SUITE]'],
  [{ tier: 'nightli' }, 'there is no tier "nightli"; did you mean nightly? Otherwise use one of smoke, merge-request, nightly, release [UNKNOWN_TIER]'],
  [{ names: ['small'], set: ['kubernetes=1.24.0', 'runtime=docker'] }, "the cell small cannot exist with os debian-12, kubernetes 1.24.0, runtime docker, etcd 3.4, network host-gw, topology small: Kubernetes 1.24 removed dockershim, the kubelet's own way to Docker (docker-needs-dockershim); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ names: ['small'], set: ['kubernetes=1.19.16'] }, 'the cell small cannot exist with os debian-12, kubernetes 1.19.16, runtime containerd, etcd 3.4, network host-gw, topology small: the playbooks know the flags and APIs of Kubernetes from 1.20 on (playbooks-begin-with-1-20); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]'],
  [{ names: ['small'], set: ['etcd=3.3.27'] }, 'the cell small cannot exist with os debian-12, kubernetes 1.20.2+deb12u1, runtime containerd, etcd 3.3.27, network host-gw, topology small: the playbooks know the configuration of etcd from 3.4 on (playbooks-begin-with-etcd-3-4); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]'],
  [{ set: ['kubernetes=1.34.1'] }, 'no cell of the tier smoke can exist with os debian-12, kubernetes 1.34.1, runtime containerd, etcd 3.4, network host-gw, topology all-in-one: from Kubernetes 1.31 on kubeadm accepts no etcd older than 3.5.11 (kubernetes-needs-etcd-3-5); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]'],
])('%j is refused', (wish, message) => {
  const error = refusal(wish);
  expect(error.message).toBe(message);
  expect(error.fault).toBe('usage');
});
