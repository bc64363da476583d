import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Progress } from '../contract.ts';
import { waitFor } from '../wait.ts';
import type { Context } from './context.ts';
import type { KubeObject, ResourceQuota } from './objects.ts';

/**
 * Milliseconds. The controller takes milliseconds, but pauses for up to 30 s whenever a new kind of object appears in the
 * cluster, and has a queue of all namespaces' quotas after it was started.
 */
export const QUOTA_LIMIT = 120_000;
/** Milliseconds between two looks. */
const LOOK = 1000;

/**
 * Waits until Kubernetes counts by every quota of the cell. Admission knows only what the quota's status says, and the
 * status is filled by a controller: until then the namespace is not limited at all, and what is made is not counted.
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/, plugin/pkg/admission/resourcequota/controller.go
 * @throws ProofgridError QUOTA_NOT_IN_FORCE (infrastructure)
 */
export async function untilQuotaInForce({ client }: Pick<Context, 'client'>, objects: readonly KubeObject[], { signal, report }: Progress, limitMs = QUOTA_LIMIT): Promise<void> {
  for (const { kind, metadata } of objects) {
    if (kind !== 'ResourceQuota') continue;
    const { name, namespace = '' } = metadata;
    const quota = `${namespace}/${name}`;
    let missing: readonly string[] | undefined;
    try {
      await waitFor({ name: `quota ${quota} in force`, limitMs, intervalMs: LOOK, signal }, async () => {
        const found = (await client.get<ResourceQuota>({ kind, namespace, name }, signal))?.object;
        if (found === undefined) throw notInForce(quota, 'somebody has removed it');
        const before = missing;
        missing = uncounted(found);
        if (missing.length === 0) return true;
        if (before === undefined) report(`waits until the quota ${quota} is in force`);
        return undefined;
      });
    } catch (error) {
      if (!(error instanceof ProofgridError) || error.code !== 'WAIT_TIMED_OUT' || missing === undefined) throw error;
      throw notInForce(quota, `after ${limitMs / 1000} s its status counts nothing by ${missing.join(', ')}`, error);
    }
  }
}

/** Resources that the quota limits and nobody counts yet. A limit without a count makes admission refuse everything. */
export function uncounted({ spec, status }: Pick<ResourceQuota, 'spec' | 'status'>): string[] {
  return Object.keys(spec.hard ?? {}).filter((resource) => status?.hard?.[resource] === undefined || status.used?.[resource] === undefined);
}

function notInForce(quota: string, why: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'QUOTA_NOT_IN_FORCE',
    fault: 'infrastructure',
    what: `the quota ${quota} is not in force: ${why}; without it no machine is made`,
    remedy: 'see whether kube-controller-manager runs, with its controller resourcequota, and what its log says of the quota',
    ...(cause === undefined ? {} : { cause }),
  });
}
