import path from 'node:path';
import { runOperation } from '../../lifecycle/run-operation.ts';
import { sshDial } from '../machine/forward.ts';
import type { ClusterContext } from '../suite/check.ts';
import { DialledKubeConfig } from '../suite/e2e/dial.ts';
import type { CellRun } from './cell-run.ts';
import { hostsOf } from './hosts.ts';
import { operationRequest } from './operation-request.ts';
import type { Prepared } from './prepare.ts';
import type { CellPaths } from './run-directory.ts';

/** Exported for tests that sabotage a live cluster. */
export function clusterContext(run: CellRun, paths: CellPaths, prepared: Prepared): ClusterContext {
  const { provider, signal, journal, cell } = run;
  const { power, missing } = provider;
  const { lease } = prepared;
  // Where one machine is reached by a detour, so is whatever address moves between them.
  const dial = lease.machines.some(({ via }) => via !== undefined) ? sshDial(lease.machines) : undefined;
  const kubeConfig = new DialledKubeConfig(dial);
  kubeConfig.loadFromFile(paths.kubeconfig);
  const log = (message: string) => journal.write({ type: 'progress', cell: cell.slug, message });
  return {
    deployment: prepared.deployment,
    hosts: hostsOf(run, lease.machines, signal),
    kubeConfig,
    ...(dial === undefined ? {} : { dial }),
    signal,
    log,
    testImage: prepared.agnhost.reference,
    operate: async (operation, until) => {
      const result = await runOperation({ ...operationRequest(run, paths, prepared, operation), signal: until });
      // reports link what lies in the run directory, by its path there
      return { ...result, ...(result.log !== undefined && { log: path.relative(run.directory.root, result.log) }) };
    },
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
