import type { ClusterContext } from '../../check.ts';
import { apiServers, controlPlanes } from '../api-server.ts';
import { ProductFault } from '../product-fault.ts';
import { until } from '../wait.ts';
import { addArguments } from './file.ts';
import type { Mend } from './mend.ts';
import { restartUnit } from './unit.ts';

const UNIT = 'kube-apiserver';
/** Milliseconds. It starts in five seconds; four programs start at once after some faults. */
const START_LIMIT = 60_000;

/** Waits until every API server says that it is ready. */
export async function apiServersReady(context: ClusterContext): Promise<void> {
  await until({
    what: 'every API server is ready',
    limitMs: START_LIMIT,
    signal: context.signal,
    attempt: async () => {
      for (const { host, api } of apiServers(context)) {
        const { status } = await api.send({ path: '/readyz' });
        if (status !== 200) throw new ProductFault('HTTP 200', `${host.name}: /readyz is HTTP ${status}`);
      }
      return { value: undefined };
    },
  });
}

/** Restarts them one after the other, as an administrator would. */
export async function restartApiServers(context: ClusterContext): Promise<void> {
  for (const host of controlPlanes(context)) await restartUnit(host, UNIT);
  await apiServersReady(context);
}

/** Restarts every API server with more flags than it has. */
export async function addApiServerFlags(context: ClusterContext, flags: readonly string[], mend: Mend): Promise<void> {
  mend(() => restartApiServers(context));
  for (const host of controlPlanes(context)) await addArguments(host, `/usr/local/bin/${UNIT}`, flags, mend);
  await restartApiServers(context);
}
