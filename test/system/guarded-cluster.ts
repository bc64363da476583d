import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import type { ClusterContext, Host } from '../../harness/suite/check.ts';
import { kube } from '../../harness/suite/e2e/api-server.ts';
import { must } from '../../harness/suite/e2e/machine.ts';
import { clusterDeploymentSchema, type ClusterDeployment } from '../../lifecycle/cluster-deployment.ts';
import { readDocument } from '../../lifecycle/document.ts';
import type { Step } from '../../lifecycle/operation.ts';
import { runOperation } from '../../lifecycle/run-operation.ts';
import type { RunRequest, RunResult } from '../../lifecycle/run.ts';
import type { LiveCluster } from './live-cluster.ts';

/** Milliseconds: many times what a deploy takes, so that only a hang meets it. */
const OPERATION_LIMIT = 10 * 60_000;
const FILES = ['/etc/kubernetes', '/etc/etcd', '/etc/proofgrid', '/etc/systemd/system', '/etc/cni', '/etc/hosts', '/etc/hostname', '/usr/local'];
const UNITS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'containerd'];

/** What a refused operation must leave as it is: files, processes, members of etcd, pods. */
export async function snapshot(host: Host, context: ClusterContext): Promise<string> {
  const controlPlane = host.roles.includes('control-plane');
  // A machine lacks what its roles do not need: find(1) then ends with 1 and lists the rest.
  const files = await host.exec(['find', ...FILES, '-type', 'f', '-exec', 'sha256sum', '{}', '+']);
  if (!files.stdout.includes('/etc/proofgrid/')) throw new Error(`no files of the cluster on ${host.name}: ${files.stderr}`);
  const said = [
    files.stdout,
    await must(host, ['systemctl', 'show', '--property=Id,MainPID', ...UNITS.map((unit) => `${unit}.service`)]),
    controlPlane ? await podsOf(context) : '',
    controlPlane ? await must(host, ['etcdctl', '--cacert', '/etc/etcd/pki/ca.crt', '--cert', '/etc/etcd/pki/server.crt', '--key', '/etc/etcd/pki/server.key', 'member', 'list']) : '',
  ];
  return said.map((text) => text.split('\n').sort().join('\n')).join('\n');
}

async function podsOf(context: ClusterContext): Promise<string> {
  const { items } = await kube(context).get<{ items: V1Pod[] }>('/api/v1/pods');
  return items.map(({ metadata, status }) => [metadata?.uid, status?.podIP, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)].join(' ')).join('\n');
}

interface Altered {
  readonly document?: ClusterDeployment;
  /** State directory instead of the cluster's own. */
  readonly state?: string;
  readonly clusterId?: string;
  /** Machine that the inventory lacks. */
  readonly without?: string;
  /** Step in which the run is cut off, as soon as it has begun. */
  readonly until?: Step;
}

/** Runs operations on a live cluster with another document or state directory, as the command line does. */
export async function operator({ context, directory }: LiveCluster) {
  const [slug = ''] = await readdir(path.join(directory, 'cells'));
  const cell = path.join(directory, 'cells', slug);
  const state = path.join(cell, 'secrets', 'state');
  return {
    state,
    run: async (operation: RunRequest['operation'], { document = context.deployment, state: other = state, clusterId, without = '', until }: Altered = {}): Promise<RunResult & { readonly file: string }> => {
      const scratch = await mkdtemp(path.join(directory, 'altered-'));
      const file = path.join(scratch, 'cluster.yaml');
      await writeFile(file, stringify(document));
      const { all } = parse(await readFile(path.join(cell, 'inventory.yaml'), 'utf8'), { version: '1.1' }) as { all: { hosts: Record<string, unknown> } };
      const hosts = Object.fromEntries(Object.entries(all.hosts).filter(([name]) => name !== without));
      await writeFile(path.join(scratch, 'inventory.yaml'), stringify({ all: { hosts } }, { version: '1.1' }));
      const { value, locate } = await readDocument(file, clusterDeploymentSchema);
      const stop = new AbortController();
      const result = await runOperation({
        operation, cluster: value, locate, inventory: path.join(scratch, 'inventory.yaml'), stateDirectory: other,
        logDirectory: path.join(scratch, 'log'), limitMs: OPERATION_LIMIT, signal: AbortSignal.any([context.signal, stop.signal]), ...(clusterId !== undefined && { clusterId }),
        onEvent: (event) => {
          if (event.type === 'step-started' && event.step === until) stop.abort();
        },
      });
      return { ...result, file };
    },
    /** A state directory of another cluster: an empty one, or a copy without some of its files. */
    emptyState: () => mkdtemp(path.join(directory, 'state-')),
    copyOfState: async (without: readonly string[]) => {
      const copy = await mkdtemp(path.join(directory, 'state-'));
      await cp(state, copy, { recursive: true, filter: (source) => !without.includes(path.relative(state, source)) });
      return copy;
    },
  };
}
