import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { runOperation } from '../../lifecycle/run-operation.ts';
import type { RunRequest } from '../../lifecycle/run.ts';
import { sshHost } from '../machine/ssh.ts';
import type { Lease } from '../provider/contract.ts';
import type { ClusterContext, Host } from '../suite/check.ts';
import type { CellRun } from './cell-run.ts';
import type { Prepared } from './prepare.ts';
import type { CellPaths } from './run-directory.ts';

/** Milliseconds for a whole operation: many times what it takes, so only a hang ever meets it. */
const OPERATION_LIMIT = 15 * 60_000;

export function operationRequest(run: CellRun, paths: CellPaths, prepared: Prepared, operation: RunRequest['operation']): RunRequest {
  return {
    operation,
    cluster: prepared.deployment,
    inventory: paths.inventory,
    stateDirectory: paths.state,
    logDirectory: path.join(paths.ansible, `${operation}-${Date.now()}`),
    limitMs: OPERATION_LIMIT,
    signal: run.signal,
  };
}

/** Exported for tests that sabotage a live cluster. */
export function clusterContext(run: CellRun, paths: CellPaths, prepared: Prepared): ClusterContext {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(paths.kubeconfig);
  const { provider, signal, journal, cell } = run;
  const { power, missing } = provider;
  const { lease } = prepared;
  const log = (message: string) => journal.write({ type: 'progress', cell: cell.slug, message });
  return {
    deployment: prepared.deployment,
    hosts: hostsOf(run, lease.machines, signal),
    kubeConfig,
    signal,
    log,
    testImage: prepared.agnhost.reference,
    operate: (operation) => runOperation(operationRequest(run, paths, prepared, operation)),
    ...(power === undefined
      ? missing?.power === undefined ? {} : { powerMissing: missing.power }
      : {
          power: {
            off: (machine: string) => power.off(lease, machine),
            on: (machine: string) => power.on(lease, machine, { signal, report: log }),
          },
        }),
  };
}

/** The machines as checks and evidence see them; evidence passes no signal, for it is gathered after an interruption too. */
export function hostsOf({ cell }: Pick<CellRun, 'cell'>, machines: Lease['machines'], signal?: AbortSignal): Host[] {
  const rolesOf = (name: string) => cell.machines.find((machine) => machine.name === name)?.roles ?? [];
  return machines.map((machine) => sshHost(machine, rolesOf(machine.name), signal === undefined ? {} : { signal }));
}

/** The admin kubeconfig where the run directory promises it, mode 0600. */
export async function publishKubeconfig(paths: CellPaths): Promise<string> {
  const source = path.join(paths.state, 'admin.kubeconfig');
  await writeFile(paths.kubeconfig, await readFile(source), { mode: 0o600 });
  return paths.kubeconfig;
}
