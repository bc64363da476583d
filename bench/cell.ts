import path from 'node:path';
import { runOperation } from '../lifecycle/run-operation.ts';
import type { LifecycleEvent } from '../lifecycle/event.ts';
import type { DeployCell } from './subject.ts';
import { TimeLog } from './time-log.ts';
import { defaultCell, onMachines, withoutAddOns } from './workplace.ts';

/** Milliseconds: many times what it takes, so only a hang ever meets it. */
const DEPLOY_LIMIT = 15 * 60_000;

/**
 * Deploys the default cell of a topology through the provider and the lifecycle runner, as `proofgrid run` does: with all of
 * its add-ons, or with what the script has too.
 */
export const deployCell = ({ addOns }: { readonly addOns: boolean }): DeployCell => async (topology, signal) => {
  const whole = await defaultCell(topology);
  const cell = addOns ? whole : withoutAddOns(whole);
  const started = performance.now();
  return onMachines(cell, signal, async ({ paths, prepared, machineSeconds }) => {
    const log = new TimeLog();
    let ansibleStarted = 0;
    let ansibleSeconds = 0;
    const onEvent = (event: LifecycleEvent) => {
      log.see(event);
      if (event.type === 'operation-started') ansibleStarted = performance.now();
      if (event.type === 'operation-finished') ansibleSeconds = (performance.now() - ansibleStarted) / 1000;
    };
    const { outcome, failure } = await runOperation({
      operation: 'deploy',
      cluster: prepared.deployment,
      inventory: paths.inventory,
      stateDirectory: paths.state,
      logDirectory: path.join(paths.ansible, 'deploy'),
      limitMs: DEPLOY_LIMIT,
      signal,
      onEvent,
    });
    // The last step proves every node, etcd member and API server: the same finish line as the baseline's.
    if (outcome !== 'passed') throw new Error(`deploy of ${topology} ${outcome}: ${failure?.step} on ${failure?.host}: ${failure?.message}`);
    const seconds = (performance.now() - started) / 1000;
    return {
      seconds,
      parts: { machines: machineSeconds, 'ansible and kubernetes': ansibleSeconds, proofgrid: seconds - machineSeconds - ansibleSeconds },
      times: log.times,
    };
  });
};
