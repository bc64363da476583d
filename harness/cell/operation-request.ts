import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunRequest } from '../../lifecycle/run.ts';
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

/** The admin kubeconfig where the run directory promises it, mode 0600. */
export async function publishKubeconfig(paths: CellPaths): Promise<string> {
  const source = path.join(paths.state, 'admin.kubeconfig');
  await writeFile(paths.kubeconfig, await readFile(source), { mode: 0o600 });
  return paths.kubeconfig;
}
