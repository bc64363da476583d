import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { execa } from 'execa';
import { parse } from 'yaml';
import { clusterDeploymentSchema } from '../../lifecycle/cluster-deployment.ts';
import { runOperation } from '../../lifecycle/run-operation.ts';
import { closeSshMasters, sshHost } from '../../harness/machine/ssh.ts';
import type { Machine } from '../../harness/provider/contract.ts';
import type { ClusterContext } from '../../harness/suite/check.ts';

interface InventoryHost {
  readonly ansible_host: string;
  readonly ansible_port: number;
  readonly ansible_user: string;
  readonly ansible_ssh_private_key_file: string;
  readonly ansible_ssh_common_args: string;
}

/** A directory `cells/<cell>` of a run that kept its machines (`--keep always`), as the context that checks take. */
export async function openCell(directory: string, signal: AbortSignal): Promise<ClusterContext> {
  const at = (name: string) => path.join(path.resolve(directory), name);
  const deployment = clusterDeploymentSchema.parse(parse(await readFile(at('cluster.yaml'), 'utf8')));
  const { all } = parse(await readFile(at('inventory.yaml'), 'utf8')) as { all: { hosts: Record<string, InventoryHost> } };
  const machines = Object.entries(all.hosts).map(([name, host]) => machineOf(name, host));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(at('kubeconfig'));
  const log = (message: string) => void process.stderr.write(`${message}\n`);
  return {
    deployment,
    hosts: machines.map((machine) => sshHost(machine, deployment.spec.machines.find(({ name }) => name === machine.name)?.roles ?? [])),
    kubeConfig,
    signal,
    log,
    testImage: deployment.spec.runtime.images.find(({ reference }) => reference.includes('agnhost'))?.reference ?? '',
    async operate(operation) {
      const logDirectory = at(`ansible/${operation}-${Date.now()}`);
      await mkdir(logDirectory, { recursive: true });
      return runOperation({
        operation,
        cluster: deployment,
        inventory: at('inventory.yaml'),
        stateDirectory: at('secrets/state'),
        logDirectory,
        limitMs: 15 * 60_000,
        signal,
      });
    },
    power: containerPower(machines),
  };
}

/** Power by the machine's hostname label; for machines of the container provider on this host. */
function containerPower(machines: readonly Machine[]): NonNullable<ClusterContext['power']> {
  const container = async (machine: string) => {
    const address = machines.find(({ name }) => name === machine)?.address ?? '';
    const { stdout } = await execa('podman', ['ps', '--all', '--format', '{{.Names}}']);
    for (const name of stdout.split('\n')) {
      const { stdout: found } = await execa('podman', ['inspect', '--format', '{{json .NetworkSettings.Networks}}', name]);
      if (found.includes(`"${address}"`) || name.endsWith(`-${machine}`)) return name;
    }
    throw new Error(`no container is the machine ${machine}`);
  };
  const known = new Map<string, string>();
  return {
    async off(name) {
      const engineName = await container(name);
      known.set(name, engineName);
      await execa('podman', ['kill', '--signal', 'KILL', engineName]);
      await closeSshMasters(machines.filter((machine) => machine.name === name));
    },
    async on(name) {
      await execa('podman', ['start', known.get(name) ?? (await container(name))]);
      const machine = machines.find((each) => each.name === name);
      if (machine === undefined) throw new Error(`no machine ${name}`);
      for (let attempt = 0; ; attempt += 1) {
        const done = await sshHost(machine, []).exec(['true']).then(() => true, () => attempt > 60);
        if (done) return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
  };
}

function machineOf(name: string, host: InventoryHost): Machine {
  const knownHostsFile = /UserKnownHostsFile="([^"]+)"/.exec(host.ansible_ssh_common_args)?.[1];
  if (knownHostsFile === undefined) throw new Error(`the inventory names no known hosts for ${name}`);
  return {
    name,
    address: host.ansible_host,
    port: host.ansible_port,
    user: host.ansible_user,
    identityFile: host.ansible_ssh_private_key_file,
    knownHostsFile,
  };
}

export interface LiveCluster {
  readonly context: ClusterContext;
  /** Ends what was opened, and releases the machines that were made for it. */
  close(): Promise<void>;
}

/** A live cluster for tests: the one kept in PROOFGRID_CELL_DIRECTORY, or a fresh one of the topology. */
export async function openCluster(_topology: string, _axes: Readonly<Record<string, string>>): Promise<LiveCluster> {
  const directory = process.env['PROOFGRID_CELL_DIRECTORY'];
  if (directory === undefined) throw new Error('set PROOFGRID_CELL_DIRECTORY to the directory of a cell that kept its machines');
  const stop = new AbortController();
  return {
    context: await openCell(directory, stop.signal),
    async close() {
      stop.abort();
      await closeSshMasters();
    },
  };
}

export async function withCluster<T>(topology: string, axes: Readonly<Record<string, string>>, work: (context: ClusterContext) => Promise<T>): Promise<T> {
  const cluster = await openCluster(topology, axes);
  try {
    return await work(cluster.context);
  } finally {
    await cluster.close();
  }
}
