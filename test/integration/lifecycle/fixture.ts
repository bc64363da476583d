import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { clusterDeploymentSchema, type ClusterDeployment } from '../../../lifecycle/cluster-deployment.ts';
import type { LifecycleEvent } from '../../../lifecycle/event.ts';
import type { RunRequest } from '../../../lifecycle/run.ts';

export const clusterDocument = {
  apiVersion: 'proofgrid.dev/v1alpha1',
  kind: 'ClusterDeployment',
  metadata: { name: 'fixture' },
  spec: {
    kubernetes: { version: '1.20.2', binaries: { source: { type: 'directory', path: '/opt/none' }, sha256: {} } },
    etcd: { version: '3.4.23', binaries: { source: { type: 'directory', path: '/opt/none' }, sha256: {} } },
    runtime: { name: 'containerd' },
    network: { plugin: 'host-gw' },
    dns: { type: 'none', reason: 'a fixture' },
    controlPlane: { endpoint: { type: 'direct' } },
    machines: [
      { name: 'first', roles: ['etcd', 'control-plane'] },
      { name: 'second', roles: ['worker'] },
    ],
  },
};

const INVENTORY = `all:
  hosts:
    first: {ansible_connection: local, ansible_python_interpreter: /usr/bin/python3}
    second: {ansible_connection: local, ansible_python_interpreter: /usr/bin/python3}
`;

export interface Fixture {
  readonly root: string;
  readonly playbooksDirectory: string;
  readonly events: LifecycleEvent[];
  readonly request: (more?: Partial<RunRequest>) => RunRequest;
  /** Text of every file below the log directory. */
  readonly logs: () => Promise<string>;
}

/** A directory with playbooks (name → YAML) for two machines that are both this host. */
export async function fixture(playbooks: Readonly<Record<string, string>>, inventory = INVENTORY): Promise<Fixture> {
  const root = await mkdtemp(path.join(tmpdir(), 'lifecycle-test-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const playbooksDirectory = path.join(root, 'playbooks');
  for (const [name, text] of Object.entries({ 'ansible.cfg': '[defaults]\ngathering = explicit\n', ...playbooks })) {
    await mkdir(path.dirname(path.join(playbooksDirectory, name)), { recursive: true });
    await writeFile(path.join(playbooksDirectory, name), text);
  }
  await writeFile(path.join(root, 'inventory.yml'), inventory);
  await writeFile(path.join(root, 'cluster.yml'), JSON.stringify(clusterDocument));
  const events: LifecycleEvent[] = [];
  const cluster: ClusterDeployment = clusterDeploymentSchema.parse(clusterDocument);
  const logDirectory = path.join(root, 'log');
  return {
    root,
    playbooksDirectory,
    events,
    request: (more = {}) => ({
      operation: 'etcd',
      cluster,
      inventory: path.join(root, 'inventory.yml'),
      stateDirectory: path.join(root, 'state'),
      logDirectory,
      // below the tests' own limit, so that a hang says where it was
      limitMs: 250_000,
      onEvent: (event) => events.push(event),
      ...more,
    }),
    logs: async () => (await Promise.all((await readdir(logDirectory)).map((name) => readFile(path.join(logDirectory, name), 'utf8')))).join('\n'),
  };
}

/** Seconds that only a process of this test process sleeps: another checkout's tests may run on the same host. */
export function uniqueSeconds(number: number): string {
  return `7${String(process.pid).padStart(7, '0')}${number}`;
}

/** Processes of exactly this command line: no shell or Python that is about to start it. */
export function processesOf(command: string): string[] {
  return processesWith(command).filter((line) => line.trim().replace(/^\d+ /, '') === command);
}

/** Command lines of all processes that contain `text`, with their numbers. */
export function processesWith(text: string): string[] {
  return execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text) && !line.includes('ps -eo'));
}
