import { existsSync } from 'node:fs';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterDeployment } from '../../lifecycle/cluster-deployment.ts';
import { ProofgridError } from '../../lifecycle/error.ts';
import { readClusterDeployment } from '../../lifecycle/read-cluster.ts';
import { keptLeases, type KeptLease } from '../cell/kept-leases.ts';
import { cellPaths } from '../cell/run-directory.ts';
import { readSecrets, secretsOf } from '../cell/secrets.ts';
import { sshDial } from '../machine/forward.ts';
import { sshHost } from '../machine/ssh.ts';
import type { Machine, Progress } from '../provider/contract.ts';
import type { ClusterContext, Host, Need } from '../suite/check.ts';
import { DialledKubeConfig } from '../suite/e2e/dial.ts';
import { observeCluster, type ObservedNode } from '../suite/e2e/observe.ts';
import { readMachines } from './inventory.ts';

/** A cluster that exists, and as much of what checks want as there is of it. */
export interface CheckTarget {
  /** Names it in reports. */
  readonly cell: string;
  /** All but the test image, the signal and where messages go. */
  readonly context: Omit<ClusterContext, 'signal' | 'log' | 'testImage'>;
  /** As the cluster knows them. */
  readonly nodes: readonly ObservedNode[];
  /** Never to be printed. */
  readonly secrets: readonly string[];
  /** Absent where it is nobody's lease of ours. */
  readonly kept?: KeptLease;
}

export interface ExistingCluster {
  readonly kubeconfig: string;
  readonly inventory?: string;
  readonly cluster?: string;
}

const WITHOUT: Readonly<Record<Exclude<Need, 'disruption'>, string>> = {
  operations: 'a cluster that exists is looked at, and not deployed again',
  document: 'it compares with a ClusterDeployment, and none was given (--cluster)',
  machines: 'it needs a login on the machines, and no inventory was given (--inventory)',
};
const UNDISTURBED = 'it stops or restarts what others may be using, and --disruptive was not given';

export interface Leave {
  /** Whether checks may stop and restart what runs there. */
  readonly disruptive: boolean;
}

/** The cells of an earlier run whose machines still run. */
export async function targetsOfRun(runDirectory: string, { disruptive }: Leave, { signal, report }: Progress, site?: string): Promise<CheckTarget[]> {
  const leases = await keptLeases(runDirectory, site);
  if (leases.length === 0) throw nothingKept(runDirectory);
  const absent = leases.filter(({ cell }) => !existsSync(cellPaths(runDirectory, cell).kubeconfig));
  if (absent.length > 0) throw notDeployed(absent.map(({ cell }) => cell));
  return Promise.all(leases.map(async (kept) => targetOfLease(runDirectory, kept, disruptive, { signal, report })));
}

async function targetOfLease(runDirectory: string, kept: KeptLease, disruptive: boolean, { signal, report }: Progress): Promise<CheckTarget> {
  const { cell, lease, provider } = kept;
  const paths = cellPaths(runDirectory, cell);
  const deployment = await readClusterDeployment(paths.cluster);
  const dial = lease.machines.some(({ via }) => via !== undefined) ? sshDial(lease.machines) : undefined;
  const kubeConfig = new DialledKubeConfig(dial);
  kubeConfig.loadFromFile(paths.kubeconfig);
  const { power, missing } = provider;
  return {
    cell,
    kept,
    nodes: (await observeCluster(kubeConfig, signal, dial)).nodes,
    secrets: await readSecrets(paths.secrets),
    context: {
      deployment,
      hosts: hostsOf(deployment, lease.machines, signal),
      kubeConfig,
      ...(dial === undefined ? {} : { dial }),
      missing: { operations: WITHOUT.operations, ...(disruptive ? {} : { disruption: UNDISTURBED }) },
      operate: notDeployedAgain,
      ...(power === undefined
        ? missing?.power === undefined ? {} : { powerMissing: missing.power }
        : { power: { off: async (machine: string) => power.off(lease, machine), on: async (machine: string) => power.on(lease, machine, { signal, report }) } }),
    },
  };
}

/** Any cluster, ours or not. */
export async function targetOfCluster({ kubeconfig, inventory, cluster }: ExistingCluster, { disruptive }: Leave, { signal }: Pick<Progress, 'signal'>): Promise<CheckTarget> {
  const kubeConfig = loadKubeConfig(kubeconfig);
  const document = cluster === undefined ? undefined : await readClusterDeployment(cluster);
  const machines = inventory === undefined ? undefined : await readMachines(inventory);
  const observed = await observeCluster(kubeConfig, signal);
  const deployment = document ?? observed.deployment;
  return {
    cell: deployment.metadata.name,
    nodes: observed.nodes,
    secrets: secretsOf(kubeConfig.exportConfig(), 'kubeconfig'),
    context: {
      deployment,
      hosts: machines === undefined ? observed.nodes.map(withoutLogin) : hostsOf(deployment, machines, signal),
      kubeConfig,
      missing: {
        operations: WITHOUT.operations,
        ...(document === undefined ? { document: WITHOUT.document } : {}),
        ...(machines === undefined ? { machines: WITHOUT.machines } : {}),
        ...(disruptive ? {} : { disruption: UNDISTURBED }),
      },
      operate: notDeployedAgain,
      powerMissing: 'nobody here can cut the power of machines that no provider of ours made',
    },
  };
}

function hostsOf({ spec }: ClusterDeployment, machines: readonly Machine[], signal: AbortSignal): Host[] {
  const rolesOf = (name: string) => spec.machines.find((machine) => machine.name === name)?.roles ?? [];
  return machines.map((machine) => sshHost(machine, rolesOf(machine.name), { signal }));
}

const notDeployedAgain = async (): Promise<never> => Promise.reject(new Error(WITHOUT.operations));

/** Checks that want more than its name, address and roles are skipped. */
function withoutLogin({ name, address, roles }: ObservedNode): Host {
  return { name, address, roles, exec: async () => Promise.reject(new Error(`there is no login on ${name}`)) };
}

function loadKubeConfig(file: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromFile(file);
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (kubeConfig.getCurrentCluster() === null) throw unusable(file, 'its current context names no cluster');
  return kubeConfig;
}

function unusable(file: string, why: string, cause?: unknown): ProofgridError {
  return new ProofgridError({ code: 'KUBECONFIG_UNUSABLE', fault: 'usage', what: `${file}: ${why}`, remedy: 'name a kubeconfig with a current context', cause });
}

function nothingKept(runDirectory: string): ProofgridError {
  return new ProofgridError({
    code: 'CHECK_NOTHING_KEPT',
    fault: 'usage',
    what: `no machine of ${path.resolve(runDirectory)} exists any more`,
    remedy: 'name a run that was started with --keep, or a cluster with --kubeconfig',
  });
}

function notDeployed(cells: readonly string[]): ProofgridError {
  return new ProofgridError({ code: 'CHECK_NOT_DEPLOYED', fault: 'usage', what: `no deploy of ${cells.join(', ')} has passed: there is no kubeconfig`, remedy: 'see why in its report' });
}
