import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { clusterDeploymentSchema, type ClusterDeployment } from '../../../lifecycle/cluster-deployment.ts';
import { readClusterDeployment } from '../../../lifecycle/read-cluster.ts';
import type { RunRequest } from '../../../lifecycle/run.ts';
import { lifecycleRunner } from '../../../lifecycle/run-operation.ts';
import { canaries, CLUSTERS, EVALUATED, INVENTORY } from '../../every-field.ts';
import { textsIn, withText } from '../../schema-strings.ts';
import { standIns, type Call, type Facts } from './stand-ins.ts';

const DUMP = `- hosts: all
  gather_facts: false
  tasks:
    - name: Say what arrived
      record:
        cluster: "{{ cluster }}"
        connection: "{{ ansible_connection }}"
        host: "{{ {'name': inventory_hostname, 'arguments': ansible_ssh_common_args} }}"
        text: "{{ cluster.metadata.annotations['note-0'] }} and {{ hostvars[inventory_hostname].ansible_ssh_common_args }}"
- hosts: control_plane
  gather_facts: false
  roles:
    - role: pki
`;

/**
 * Texts that a machine tells of itself. Nobody vouches for a machine.
 * @param authority by which a machine is known as the cluster's own
 */
const factsOf = (canary: string, authority?: string): Facts => ({ machine_facts: {
  os: { id: 'debian', version_id: '12', name: canary }, kernel: canary, hostname: 'one', boot_id: canary, cpus: 2, memory_mib: 4000, disk_free_mib: 9000,
  container: canary, sys_resource: false, cgroup: { version: 1, mode: canary, shared: [], mounts: [] }, swaps: [], resolv_conf: canary,
  interfaces: { [canary]: { mtu: 1500, addresses: ['10.213.0.10', '10.213.0.11'] } },
}, cluster_traces: {
  record: null, etcd_record: null, authorities: authority === undefined ? {} : { ca: authority }, flags: {}, cni: [canary], others: [], ports: [], containers: [],
  etcd: { data: false, cluster_id: canary, members: [] },
} });

/** The document with a canary in every text that takes one, its manifests beside it, read as the runner reads it. */
async function poisoned(root: string, document: object): Promise<{ cluster: ClusterDeployment; placed: Map<string, string> }> {
  const candidates = canaries(path.join(root, 'ran'));
  const placed = new Map<string, string>();
  let changed = document;
  for (const at of textsIn(clusterDeploymentSchema, document)) {
    const canary = candidates.find((text) => clusterDeploymentSchema.safeParse(withText(changed, at, text)).success);
    if (canary === undefined) continue;
    // Two manifests are two files.
    const text = at.field.endsWith('manifest') ? `${canary} ${placed.size}` : canary;
    changed = withText(changed, at, text);
    placed.set(at.field, text);
    if (at.field.endsWith('manifest')) await writeManifest(path.join(root, text), candidates);
  }
  const annotations = Object.fromEntries(candidates.map((canary, index) => [`note-${index}`, canary]));
  const file = path.join(root, 'cluster.yaml');
  await writeFile(file, JSON.stringify({ ...changed, metadata: { name: 'canary', annotations } }));
  return { cluster: await readClusterDeployment(file), placed };
}

async function writeManifest(file: string, texts: readonly string[]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const data = Object.fromEntries(texts.flatMap((text, index) => [[text, 'a key'], [`key-${index}`, text]]));
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' }, data }));
}

/** Machines whose names YAML 1.1 reads as a number and as true. */
const NAMES = ['101', 'on'];
const renamed = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('"one"', '"101"').replaceAll('"two"', '"on"')) as T;

async function workplace(document: object) {
  const root = await mkdtemp(path.join(tmpdir(), 'canary-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const { cluster, placed } = await poisoned(root, renamed(document));
  const [canary = ''] = canaries(path.join(root, 'ran'));
  const hosts = Object.fromEntries(Object.entries(renamed(INVENTORY).all.hosts).map(([name, host]) => [name, { ...host, ansible_ssh_common_args: canary }]));
  await writeFile(path.join(root, 'inventory.yaml'), JSON.stringify({ all: { hosts } }));
  const request = (more: Partial<RunRequest>): RunRequest => ({
    operation: 'etcd', cluster, inventory: path.join(root, 'inventory.yaml'), stateDirectory: path.join(root, 'state'), logDirectory: path.join(root, 'log'), limitMs: 280_000, ...more,
  });
  return { root, canary, cluster, placed, request, ran: () => existsSync(path.join(root, 'ran')) };
}

const params = (calls: readonly Call[], module: string) => calls.filter((call) => call.module === module).map((call) => call.params);

test.each(['linear', 'mitogen_linear'] as const)('every value of a document and of an inventory arrives as it is written, with %s', async (strategy) => {
  const { root, canary, cluster, request, ran } = await workplace(CLUSTERS[0] ?? {});
  const { playbooksDirectory, calls } = await standIns(root, factsOf(canary), { 'etcd.yml': DUMP });
  expect((await lifecycleRunner({ playbooksDirectory })(request({ strategy }))).failure).toBeUndefined();
  const recorded = params(await calls(), 'record');
  expect(recorded.map(({ host }) => host)).toEqual(expect.arrayContaining(NAMES.map((name) => ({ name, arguments: canary }))));
  for (const { cluster: arrived, text } of recorded) {
    expect(arrived).toEqual(cluster);
    expect(text).toBe(`${canary} and ${canary}`);
  }
  expect(ran()).toBe(false);
});

test.each(CLUSTERS.map((document, index) => [index, document] as const))('no role evaluates a text, document %i', async (_index, document) => {
  const { root, canary, cluster, placed, request, ran } = await workplace(document);
  const certificates = await standIns(path.join(root, 'first'), factsOf(canary), { 'etcd.yml': DUMP });
  expect((await lifecycleRunner(certificates)(request({}))).failure).toBeUndefined();
  const shipped = await standIns(path.join(root, 'second'), factsOf(canary, await readFile(path.join(root, 'state', 'pki', 'ca.crt'), 'utf8')));
  for (const operation of ['deploy', 'reset'] as const) {
    expect((await lifecycleRunner(shipped)(request({ operation, check: true }))).failure, operation).toBeUndefined();
  }
  const calls = await shipped.calls();
  expect(ran()).toBe(false);
  expect(JSON.stringify(calls)).not.toContain(EVALUATED);

  expect([...new Set(calls.map(({ module }) => module))].sort()).toEqual(expect.arrayContaining(['kube_apply', 'machine_facts', 'place_binaries', 'place_files', 'reset_machine', 'run_services', 'verify_cluster']));
  const nodes = params(calls, 'kube_apply').flatMap((call) => (call.additions ?? []) as { metadata: { name: string; labels: Record<string, string> } }[]);
  expect(nodes.map(({ metadata: { name, labels } }) => [name, labels['kubernetes.io/hostname']])).toEqual(NAMES.map((name) => [name, name]));
  const files = params(calls, 'place_files').flatMap((call) => (call.files ?? []) as { path: string; content: Record<string, unknown> }[]);
  const proxies = files.filter((file) => file.path.endsWith('kube-proxy.yaml')).map(({ content }) => content.hostnameOverride);
  expect(proxies.sort()).toEqual(NAMES);
  for (const { content } of files.filter((file) => file.path.endsWith('pod-network.json'))) expect(NAMES).toContain((content.peers as { name: unknown }[])[0]?.name);

  const { kubernetes, etcd, runtime } = cluster.spec;
  const sources = params(calls, 'place_binaries').map(({ source }) => source);
  expect(sources).toEqual(expect.arrayContaining([kubernetes.binaries.source, etcd.binaries.source, ...(runtime.binaries === undefined ? [] : [runtime.binaries.source])]));
  for (const { images } of params(calls, 'image_archives')) expect(images).toEqual(runtime.images);
  if (!placed.has('spec.addOns[].manifest')) return;
  const objects = params(calls, 'kube_apply').flatMap((call) => (call.objects ?? []) as { metadata: { name: string }; data: unknown }[]);
  const mine = objects.filter(({ metadata }) => metadata.name === 'mine');
  const texts = canaries(path.join(root, 'ran'));
  expect(mine.map(({ data }) => data)).toEqual(Array(2).fill(Object.fromEntries(texts.flatMap((text, index) => [[text, 'a key'], [`key-${index}`, text]]))));
});
