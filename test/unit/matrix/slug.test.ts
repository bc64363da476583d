import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { everything, product } from '../../../harness/matrix/product.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { slugOf } from '../../../harness/matrix/slug.ts';
import { changed, parseMatrix, shippedMatrix } from './shipped.ts';

test('slugs are RFC 1123 labels, and each combination has its own', () => {
  const slugs = product(everything(shippedMatrix().document)).map(slugOf);
  expect(slugs).toHaveLength(8640);
  expect(new Set(slugs).size).toBe(8640);
  expect(slugs.filter((slug) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(slug))).toEqual([]);
});

test('another default, order or size of the machines renames no cell', () => {
  const [before] = selectCells(shippedMatrix(), { names: ['small'] });
  const other = parseMatrix(changed({ 'axes.os.default': 'debian-13', 'axes.os.values': ['debian-13', 'debian-12'], 'axes.topology.values.1.machines.0.memory': '4Gi' }), 'm.yaml');
  const [after] = selectCells(other, { names: ['small'], set: ['os=debian-12'] });
  expect(after?.slug).toBe(before?.slug);
  expect(after?.machines[0]?.memory).toBe(4 * 2 ** 30);
});

test('a value that every cell had before its axis was one renames no cell', () => {
  const [single, dual] = ['ipv4', 'dual-stack'].map((families) => selectCells(shippedMatrix(), { names: ['small'], set: [`families=${families}`] })[0]);
  expect(single?.slug).toBe('small-e3b43969');
  expect(dual?.slug).not.toBe(single?.slug);
});

/** The axes of the first release, in the order in which digests have them; a cell had IPv4 alone before `families`. */
const FIRST_AXES = ['os', 'kubernetes', 'runtime', 'etcd', 'network', 'proxy', 'topology'] as const;

test('every slug that there ever was is what it was', () => {
  const document = shippedMatrix().document;
  const choices = { ...everything(document), kubernetes: ['1.20.2+deb11', '1.34.4', '1.37.2', '1.33.6'], network: ['host-gw', 'vxlan', 'flannel-host-gw', 'flannel-vxlan', 'manifest'] };
  const lines = product(choices).map((values) => {
    const parts = FIRST_AXES.map((axis) => [axis, values[axis]]);
    if (values.families !== 'ipv4') parts.splice(-1, 0, ['families', values.families]);
    const slug = `${values.topology}-${hash('sha256', JSON.stringify(parts), 'hex').slice(0, 8)}`;
    expect(slugOf(values)).toBe(slug);
    return slug;
  });
  expect(lines.slice(0, 3)).toMatchInlineSnapshot(`
    [
      "all-in-one-c34bfdf8",
      "all-in-one-5b5c1b8e",
      "all-in-one-a7b08199",
    ]
  `);
  expect(hash('sha256', lines.join('\n'), 'hex')).toMatchInlineSnapshot(`"6979b80fd436d4fa70b2c120910beafd1aec494cf1a338adef0526e5b4c41b4d"`);
});
