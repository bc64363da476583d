import type { ApiObject } from '../api-client.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

/** The conditions of an object after `wanted` replaced those of the same types; transition times only where a status changed. */
export function mergeConditions(object: ApiObject, wanted: readonly Condition[]): unknown[] {
  const old = ((object['status']?.conditions ?? []) as (Condition & { lastTransitionTime?: string })[]);
  const kept = old.filter(({ type }) => !wanted.some((condition) => condition.type === type));
  const fresh = wanted.map((condition) => {
    const before = old.find(({ type }) => type === condition.type);
    const same = before?.status === condition.status;
    return { ...condition, lastTransitionTime: same && before?.lastTransitionTime ? before.lastTransitionTime : new Date().toISOString().replace(/\.\d+/, '') };
  });
  return [...kept, ...fresh];
}

/** Whether a merge patch of the status would change anything. */
export function differs(object: ApiObject, status: Readonly<Record<string, unknown>>): boolean {
  const now = (object['status'] ?? {}) as Record<string, unknown>;
  return Object.entries(status).some(([name, value]) => !same(now[name], value));
}

/** Key order does not count, nor does null against nothing. */
function same(left: unknown, right: unknown): boolean {
  if ((left ?? null) === (right ?? null)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  const [a, b] = [left as Record<string, unknown>, right as Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
}
