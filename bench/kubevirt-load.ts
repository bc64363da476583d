import { once } from 'node:events';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { packageRoot } from '../lifecycle/root.ts';

/** Machines of every cell: the topology `small`, as light as its stubs are. */
const MACHINES = [
  { name: 'control-plane-1', roles: ['etcd', 'control-plane'], cpus: 1, memory: '256Mi' },
  { name: 'worker-1', roles: ['worker'], cpus: 1, memory: '256Mi' },
  { name: 'worker-2', roles: ['worker'], cpus: 1, memory: '256Mi' },
];
export const MACHINES_PER_CELL = MACHINES.length;

const SITE = {
  apiVersion: 'proofgrid.dev/v1alpha1',
  kind: 'Site',
  metadata: { name: 'benchmark' },
  spec: {
    images: { 'debian-12': { type: 'claim', namespace: 'images', name: 'debian-12' } },
    seeds: 'baked',
    network: { type: 'bridge' },
    capacity: { cpus: 256, memory: '1Ti' },
  },
};

/** A cluster in a process of its own. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly auditLog: string;
  readonly user: string;
  stop(): Promise<void>;
}

/** The control plane of the tests, from their sources: they are not built. */
export async function startCluster(): Promise<Cluster> {
  const file = (name: string) => path.join(packageRoot, 'test', name);
  const words = ['--import', file('integration/provider/typescript-loader.mjs'), file('kubevirt/serve.ts')];
  const cluster = execa(process.execPath, words, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', buffer: false, reject: false, detached: true });
  const first = once(createInterface({ input: cluster.stdout }), 'line').then(([line]: unknown[]) => String(line));
  const line = await Promise.race([first, cluster.then(() => undefined)]);
  if (line === undefined) throw new Error('the test cluster did not start; what it said is above');
  return {
    ...(JSON.parse(line) as Omit<Cluster, 'stop'>),
    async stop() {
      cluster.stdin.end();
      await cluster;
    },
  };
}

/** What a run of so many equal cells needs: a matrix, a site, and a stub of ansible-playbook that waits for `finish`. */
export interface Load {
  readonly cells: readonly string[];
  readonly matrix: string;
  readonly site: string;
  /** To be put in front of PATH. */
  readonly bin: string;
  finish(): Promise<void>;
}

export async function prepareLoad(directory: string, count: number): Promise<Load> {
  const cells = Array.from({ length: count }, (_, index) => `cell-${index + 1}`);
  const bin = path.join(directory, 'bin');
  await mkdir(bin);
  await copyFile(path.join(packageRoot, 'bench/kubevirt/ansible-playbook'), path.join(bin, 'ansible-playbook'));
  await chmod(path.join(bin, 'ansible-playbook'), 0o755);
  const [matrix, site] = [path.join(directory, 'matrix.yaml'), path.join(directory, 'site.yaml')];
  const shipped = parse(await readFile(path.join(packageRoot, 'matrix/matrix.yaml'), 'utf8')) as Record<string, unknown> & { axes: Axes; tiers: Record<string, object> };
  await writeFile(matrix, stringify({ ...shipped, ...onlyCells(shipped, cells) }));
  await writeFile(site, stringify(SITE));
  return { cells, matrix, site, bin, finish: () => writeFile(path.join(bin, 'go'), '') };
}

type Axes = Readonly<Record<'network', object>>;

/** The shipped matrix with topologies of our own, each of them one cell with the default on every other axis, and a network that pod networks carry. */
function onlyCells({ axes, tiers }: { readonly axes: Axes; readonly tiers: Readonly<Record<string, object>> }, cells: readonly string[]): object {
  const tier = { coverage: 'full', axes: { topology: 'all' }, include: [] };
  return {
    axes: { ...axes, network: { ...axes.network, default: 'vxlan' }, topology: { default: cells[0], values: cells.map((name) => ({ name, machines: MACHINES })) } },
    tiers: Object.fromEntries(Object.entries(tiers).map(([name, shipped]) => [name, { ...shipped, ...tier }])),
    suites: ['lifecycle'],
  };
}
