import { randomBytes } from 'node:crypto';

/** A name that no earlier run of a check has used: `probe-3f9c21`. At most 63 characters. */
export function uniqueName(prefix: string): string {
  return `${prefix.slice(0, 56)}-${randomBytes(3).toString('hex')}`;
}
