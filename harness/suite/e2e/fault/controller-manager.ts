import type { V1Lease } from '@kubernetes/client-node';
import type { ClusterContext } from '../../check.ts';
import { controlPlanes, kube } from '../api-server.ts';
import { until } from '../wait.ts';
import { controlPlaneWhole } from './api-server.ts';
import { addArguments } from './file.ts';
import { faulty } from './mend.ts';
import { restartUnit } from './unit.ts';

const UNIT = 'kube-controller-manager';
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${UNIT}`;

/** Restarts all of them, and waits for a leader that is none of the old: the lease of a killed one stays fresh for 15 s. */
export async function restartControllerManagers(context: ClusterContext): Promise<void> {
  const holder = async () => (await kube(context).get<V1Lease>(LEASE)).spec?.holderIdentity;
  const before = await holder();
  for (const host of controlPlanes(context)) await restartUnit(host, UNIT);
  await until({
    what: 'another controller manager leads',
    limitMs: 90_000,
    signal: context.signal,
    attempt: async () => {
      const now = await holder();
      return now !== before && now !== undefined && now !== '' ? { value: undefined } : { observed: `held by ${now}` };
    },
  });
}

/** The controllers of these names are off, in every controller manager, which gets further flags. */
export function withoutControllers(controllers: readonly string[], flags: readonly string[] = []) {
  return faulty(async (context, mend) => {
    mend(() => controlPlaneWhole(context));
    for (const host of controlPlanes(context)) {
      mend(() => restartUnit(host, UNIT));
      await addArguments(host, `/usr/local/bin/${UNIT}`, [`--controllers='*',${controllers.map((name) => `-${name}`).join(',')},tokencleaner`, ...flags], mend);
    }
    await restartControllerManagers(context);
  });
}
