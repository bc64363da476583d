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
