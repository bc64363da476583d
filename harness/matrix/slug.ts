import { hash } from 'node:crypto';
import type { AxisValues } from './axis.ts';
import { AXES, type Axis } from './cell.ts';

/** What every cell had before there was a choice: left out of the digest, so that a new axis renames no cell. */
const BEFORE: { readonly [axis in Axis]?: string } = { families: 'ipv4' };

/**
 * The cell's identifier: its topology for a person, and a digest of its axes for uniqueness. It depends on nothing
 * else, so another default, tier or order of the file never renames a cell. An RFC 1123 label: 40 + 1 + 8 characters.
 */
export function slugOf(values: AxisValues): string {
  const digest = hash('sha256', JSON.stringify(AXES.filter((axis) => values[axis] !== BEFORE[axis]).map((axis) => [axis, values[axis]])), 'hex');
  return `${values.topology}-${digest.slice(0, 8)}`;
}
