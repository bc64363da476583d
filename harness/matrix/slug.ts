import { hash } from 'node:crypto';
import type { AxisValues } from './axis.ts';
import { AXES } from './cell.ts';

/**
 * The cell's identifier: its topology for a person, and a digest of its axes for uniqueness. It depends on nothing
 * else, so another default, tier or order of the file never renames a cell. An RFC 1123 label: 40 + 1 + 8 characters.
 */
export function slugOf(values: AxisValues): string {
  const digest = hash('sha256', JSON.stringify(AXES.map((axis) => [axis, values[axis]])), 'hex');
  return `${values.topology}-${digest.slice(0, 8)}`;
}
