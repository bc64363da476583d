import { expect, test } from 'vitest';
import { conflictsOf } from '../../../harness/matrix/constraint.ts';
import { listed } from '../../../harness/matrix/axis.ts';
import { AXES } from '../../../harness/matrix/cell.ts';
import { allTuples } from '../../../harness/matrix/cover.ts';
import { expandCells } from '../../../harness/matrix/expand.ts';
import { choicesOf, product } from '../../../harness/matrix/product.ts';
import { TIERS, type Tier } from '../../../harness/matrix/schema.ts';
import { changed, parseMatrix, shippedMatrix } from './shipped.ts';

const matrix = shippedMatrix();
const everyVersion = parseMatrix(changed({ 'axes.kubernetes.values': ['1.20.2+deb11', '1.20', '1.30.4', '1.37'] }), 'm.yaml');

test('each tier has the cells that it promises', () => {
  expect(Object.fromEntries(TIERS.map((tier) => [tier, expandCells(matrix, tier).length]))).toEqual({
    smoke: 1,
    'merge-request': 26,
    nightly: 27,
    release: 94,
  });
});

test.each(TIERS)('no cell of %s breaks a constraint or comes twice', (tier) => {
  const cells = expandCells(everyVersion, tier);
  expect(cells.flatMap(({ axes }) => conflictsOf(everyVersion.document, axes))).toEqual([]);
  expect(new Set(cells.map(({ slug }) => slug)).size).toBe(cells.length);
});

function pairwise(axes: unknown, include: unknown = []) {
  return parseMatrix(changed({ 'tiers.nightly.coverage': 'pairwise', 'tiers.nightly.axes': axes, 'tiers.nightly.include': include }), 'm.yaml');
}

test('pairwise has every pair that can exist, with far fewer cells', () => {
  const wide = pairwise({ os: 'all', kubernetes: 'all', runtime: 'all', etcd: 'all', network: 'all', proxy: 'all', families: 'all', topology: 'all' });
  const possible = product(choicesOf(wide.document, wide.document.tiers.nightly)).filter((values) => conflictsOf(wide.document, values).length === 0);
  const cells = expandCells(wide, 'nightly');
  expect(allTuples(cells.map(({ axes }) => axes), 2)).toEqual(allTuples(possible, 2));
  expect(allTuples(possible, 2)).not.toContain('kubernetes=1.37.2 runtime=docker');
  expect(cells.length).toBeLessThan(possible.length / 6);
});

test('threewise has every triple that can exist', () => {
  const wide = parseMatrix(changed({ 'tiers.nightly.coverage': 'threewise', 'tiers.nightly.axes': { os: 'all', kubernetes: 'all', runtime: 'all', proxy: 'all', etcd: 'all' } }), 'm.yaml');
  const possible = product(choicesOf(wide.document, wide.document.tiers.nightly)).filter((values) => conflictsOf(wide.document, values).length === 0);
  const cells = expandCells(wide, 'nightly');
  expect(allTuples(cells.map(({ axes }) => axes), 3)).toEqual(allTuples(possible, 3));
  expect(cells.length).toBeLessThan(possible.length);
});

test('included cells count towards the pairs', () => {
  const axes = { os: 'all', kubernetes: ['1.20'], runtime: ['containerd', 'docker'], etcd: ['3.4'] };
  expect(expandCells(pairwise(axes), 'nightly')).toHaveLength(4);
  const withOne = expandCells(pairwise(axes, [{ os: 'debian-13', kubernetes: '1.20', runtime: 'docker', etcd: '3.4' }]), 'nightly');
  expect(withOne).toHaveLength(4);
  expect(withOne[0]?.axes).toMatchObject({ os: 'debian-13', runtime: 'docker' });
});

test('each has every value in at least one cell', () => {
  const each = parseMatrix(changed({ 'tiers.release.coverage': 'each' }), 'm.yaml');
  const cells = expandCells(each, 'release');
  expect(cells.length).toBeLessThan(12);
  expect([...allTuples(cells.map(({ axes }) => axes), 1)].sort()).toEqual(
    AXES.flatMap((axis) => listed(each.document, axis).map((value) => `${axis}=${value}`)).filter((value) => value !== 'network=manifest').sort());
});

test('a matrix grows without slowing down: pairs of 18,000 combinations', () => {
  const large = parseMatrix(
    changed({
      'axes.kubernetes.values': Array.from({ length: 25 }, (_, index) => `1.20.${index}`),
      'axes.kubernetes.default': '1.20.0',
      'axes.etcd.values': Array.from({ length: 10 }, (_, index) => `3.4.${index}`),
      'axes.etcd.default': '3.4.0',
      'axes.runtime': { default: 'containerd', values: ['containerd', 'docker'] },
      'axes.network': { default: 'host-gw', values: ['host-gw', 'vxlan', 'manifest'] },
      // it names networks that this matrix lacks
      'constraints.2': undefined,
      'axes.proxy': { default: 'iptables', values: ['iptables'] },
      'tiers.nightly.axes.kubernetes': 'all',
      'tiers.nightly.axes.families': 'all',
      'tiers.merge-request.axes': { kubernetes: 'all' },
      'tiers.release.coverage': 'pairwise',
    }),
    'm.yaml',
  );
  const cells = expandCells(large, 'release' satisfies Tier);
  expect(cells.length).toBeGreaterThanOrEqual(250);
  expect(cells.length).toBeLessThan(270);
});
