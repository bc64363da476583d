import type { ClusterContext } from '../../check.ts';
import { apiServers, controlPlanes } from '../api-server.ts';
import { leaseComplaints } from '../leader-lease.ts';
import { until } from '../wait.ts';
import { addArguments, editFile } from './file.ts';
import type { Mend } from './mend.ts';
import { restartUnit } from './unit.ts';

const UNIT = 'kube-apiserver';
const AUTHENTICATION = '/etc/kubernetes/authentication.yaml';
/** Milliseconds. It starts in five seconds; four programs start at once after some faults, and a leader that was killed is missed for 15 s. */
const START_LIMIT = 180_000;

/** Waits until every API server says that it is ready. */
export async function apiServersReady(context: ClusterContext): Promise<void> {
  await untilNone(context, 'every API server is ready', async () => {
    const answers = await Promise.all(apiServers(context).map(async ({ host, api }) => ({ host, ...(await api.send({ path: '/readyz' })) })));
    return answers.filter(({ status }) => status !== 200).map(({ host, status }) => `${host.name}: /readyz is HTTP ${status}`);
  });
}

/** The same, and somebody leads: controllers that lost their API server wait for their own old lease to run out. */
export async function controlPlaneWhole(context: ClusterContext): Promise<void> {
  await apiServersReady(context);
  await untilNone(context, 'the controller manager and the scheduler lead again', () => leaseComplaints(context));
}

function untilNone(context: ClusterContext, what: string, complaints: () => Promise<string[]>): Promise<void> {
  return until({
    what,
    limitMs: START_LIMIT,
    signal: context.signal,
    attempt: async () => {
      const found = await complaints();
      return found.length === 0 ? { value: undefined } : { observed: found.join('; ') };
    },
  });
}

/** Restarts them one after the other, as an administrator would. */
export async function restartApiServers(context: ClusterContext): Promise<void> {
  for (const host of controlPlanes(context)) await restartUnit(host, UNIT);
  await apiServersReady(context);
}

/** Every API server lets those pass who show no identity: by its file where its version takes one, by its flag elsewhere. */
export async function admitAnonymous(context: ClusterContext, mend: Mend): Promise<void> {
  mend(() => controlPlaneWhole(context));
  mend(() => restartApiServers(context));
  for (const host of controlPlanes(context)) {
    const { exitCode } = await host.exec(['grep', '-q', '^kind: AuthenticationConfiguration$', AUTHENTICATION]);
    // the conditions stand last, and name the paths that are open to anybody
    if (exitCode === 0) await editFile(host, AUTHENTICATION, '/^ *conditions:/,$d', mend);
    else await addArguments(host, `/usr/local/bin/${UNIT}`, ['--anonymous-auth=true'], mend);
  }
  await restartApiServers(context);
}

/** Restarts every API server with more flags than it has; the last of two equal ones wins. */
export async function addApiServerFlags(context: ClusterContext, flags: readonly string[], mend: Mend, without: readonly string[] = []): Promise<void> {
  mend(() => controlPlaneWhole(context));
  mend(() => restartApiServers(context));
  for (const host of controlPlanes(context)) await addArguments(host, `/usr/local/bin/${UNIT}`, flags, mend, without);
  await restartApiServers(context);
}
