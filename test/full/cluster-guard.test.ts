import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../harness/suite/check.ts';
import { must } from '../../harness/suite/e2e/machine.ts';
import type { ClusterDeployment } from '../../lifecycle/cluster-deployment.ts';
import { operator, snapshot } from '../system/guarded-cluster.ts';
import { openCluster, type LiveCluster } from '../system/live-cluster.ts';

let cluster: LiveCluster;
let on: Awaited<ReturnType<typeof operator>>;
let hosts: readonly Host[];
let worker: Host;

beforeAll(async () => {
  cluster = await openCluster('small', {});
  on = await operator(cluster);
  hosts = cluster.context.hosts;
  const last = hosts.at(-1);
  if (last === undefined) throw new Error('the cluster has no machine');
  worker = last;
});
afterAll(() => cluster?.close());

/** The operation fails in pre-install as `message` says, at its line, and nothing is other than before. */
async function expectRefused(message: RegExp, altered: Parameters<typeof on.run>[1], place?: RegExp): Promise<void> {
  const before = await Promise.all(hosts.map((host) => snapshot(host, cluster.context)));
  const { outcome, failure, changed, file } = await on.run('deploy', altered);
  expect(failure?.message).toMatch(message);
  expect({ outcome, changed, step: failure?.step }).toEqual({ outcome: 'failed', changed: 0, step: 'pre-install' });
  expect(await Promise.all(hosts.map((host) => snapshot(host, cluster.context)))).toEqual(before);
  if (place === undefined) return;
  const [, line] = new RegExp(`^${file}:(\\d+):\\d+: `).exec(failure?.message ?? '') ?? [];
  expect((await readFile(file, 'utf8')).split('\n')[Number(line) - 1]).toMatch(place);
}

function changed(change: (document: ClusterDeployment) => void): { document: ClusterDeployment } {
  const document = structuredClone(cluster.context.deployment);
  change(document);
  return { document };
}

test('the same document again changes nothing', async () => {
  expect(await on.run('deploy')).toMatchObject({ outcome: 'passed', changed: 0 });
});

test('members of etcd are not added', async () => {
  const altered = changed(({ spec }) => {
    for (const machine of spec.machines.filter(({ roles }) => !roles.includes('etcd'))) machine.roles.unshift('etcd');
  });
  await expectRefused(/was deployed as worker, the document has etcd, worker; .*\[MACHINE_ROLES_FIXED\]/, altered, /^ {6}roles:$|- etcd/);
});

test('a machine is not removed', async () => {
  const altered = changed(({ spec }) => void spec.machines.pop());
  await expectRefused(new RegExp(`the cluster has a machine ${worker.name} \\(worker\\), and the document has not; .*\\[MACHINE_REMOVED\\]`), { ...altered, without: worker.name }, /machines:|- name:/);
});

test('another state directory is refused', async () => {
  await expectRefused(/has none; name the state directory of that cluster.*\[CLUSTER_OTHER\]/, { state: await on.emptyState() });
});

test('a state directory that lost its authorities is refused', async () => {
  await expectRefused(/\[CLUSTER_OTHER_AUTHORITY\]/, { state: await on.copyOfState(['pki']) });
});

test('a state directory that lost only its id takes the one of the machines', async () => {
  const state = await on.copyOfState(['cluster.json']);
  expect(await on.run('deploy', { state })).toMatchObject({ outcome: 'passed', changed: 1 });
  expect(await readFile(path.join(state, 'cluster.json'), 'utf8')).toBe(await readFile(path.join(on.state, 'cluster.json'), 'utf8'));
});

test('the name stays', async () => {
  await expectRefused(/was deployed with .*, the document has renamed; .*\[CLUSTER_NAME_FIXED\]/, changed((document) => void (document.metadata.name = 'renamed')), /name: renamed/);
});

test.each(['serviceCIDR', 'podCIDR'] as const)('the %s stays', async (field) => {
  const altered = changed(({ spec }) => void (spec.network[field] = '10.97.0.0/16'));
  await expectRefused(/was deployed with .*, the document has 10\.97\.0\.0\/16; .*\[CLUSTER_NETWORK_FIXED\]/, altered, new RegExp(`${field}: 10.97.0.0/16`));
});

test('a CNI configuration that comes before ours is refused, a later one is not', async () => {
  const file = '/etc/cni/net.d/05-old.conflist';
  await must(worker, ['tee', file], { input: '{}' });
  try {
    await expectRefused(/has 05-old\.conflist in \/etc\/cni\/net\.d, which the container engine would use instead of 10-proofgrid\.conflist.*\[CNI_FOREIGN\]/, {});
    await must(worker, ['mv', file, '/etc/cni/net.d/87-podman-bridge.conflist']);
    expect(await on.run('deploy')).toMatchObject({ outcome: 'passed', changed: 0 });
  } finally {
    await must(worker, ['rm', '-f', file]);
  }
});

test('a step alone is refused as well', async () => {
  const result = await on.run('etcd', { state: await on.emptyState() });
  expect(result).toMatchObject({ outcome: 'failed', changed: 0, failure: { step: 'etcd' } });
  expect(result.failure?.message).toContain('[CLUSTER_OTHER]');
});

test('a member without its data is refused', async () => {
  const [member] = hosts.filter(({ roles }) => roles.includes('etcd'));
  if (member === undefined) throw new Error('no machine has etcd');
  await must(member, ['systemctl', 'stop', 'etcd']);
  await must(member, ['mv', '/var/lib/etcd/member', '/var/lib/etcd/kept']);
  try {
    const { failure } = await on.run('deploy');
    expect(failure).toMatchObject({ step: 'pre-install', message: expect.stringContaining('[ETCD_DATA_MISSING]') as string });
  } finally {
    await must(member, ['mv', '/var/lib/etcd/kept', '/var/lib/etcd/member']);
    await must(member, ['systemctl', 'start', 'etcd']);
  }
  expect(await on.run('deploy')).toMatchObject({ outcome: 'passed', changed: 0 });
});

const OTHERS = ['/etc/cni/net.d/87-podman-bridge.conflist', '/var/lib/containerd/mine', '/var/lib/cni/networks/podman/10.88.0.2', '/usr/local/bin/kubectl-mine', '/run/netns/cni-mine'];

test('reset of another cluster is refused, and that of this one leaves what others own', async () => {
  await must(worker, ['mkdir', '-p', '/var/lib/containerd/mine', '/var/lib/cni/networks/podman']);
  await must(worker, ['touch', ...OTHERS.slice(0, 1), ...OTHERS.slice(2, 4)]);
  await must(worker, ['iptables', '-t', 'nat', '-N', 'CNI-abc']);
  await must(worker, ['iptables', '-t', 'nat', '-A', 'CNI-abc', '-d', '10.88.0.2', '-m', 'comment', '--comment', 'name: "podman" id: "1"', '-j', 'ACCEPT']);
  await must(worker, ['ip', 'netns', 'add', 'cni-mine']);
  await must(worker, ['ip', '-netns', 'cni-mine', 'address', 'add', '10.88.0.2/16', 'dev', 'lo', 'scope', 'global']);
  const before = await Promise.all(hosts.map((host) => snapshot(host, cluster.context)));
  const refused = await on.run('reset', { state: await on.emptyState() });
  expect(refused).toMatchObject({ outcome: 'failed', changed: 0, failure: { message: expect.stringContaining('[CLUSTER_OTHER]') as string } });
  expect(await Promise.all(hosts.map((host) => snapshot(host, cluster.context)))).toEqual(before);

  const record = JSON.parse(await must(worker, ['cat', '/etc/proofgrid/cluster.json'])) as { id: string };
  expect(await on.run('reset', { state: await on.emptyState(), clusterId: record.id })).toMatchObject({ outcome: 'passed', changed: hosts.length });
  await must(worker, ['ls', '-d', ...OTHERS]);
  expect(await must(worker, ['iptables-save', '-t', 'nat'])).toMatch(/^:CNI-abc [^]*^-A CNI-abc .*-j ACCEPT$/m);
  expect(await must(worker, ['iptables-save'])).not.toMatch(/KUBE-|PROOFGRID-|CNI-HOSTPORT/);
  for (const host of hosts) {
    const left = await host.exec(['ls', '-d', '/etc/proofgrid', '/etc/kubernetes', '/etc/etcd', '/var/lib/etcd/member', '/etc/cni/net.d/10-proofgrid.conflist', '/usr/local/bin/kubectl', '/run/containerd/io.containerd.runtime.v2.task/k8s.io']);
    expect(left.stdout).toBe('');
  }
  expect(await on.run('reset')).toMatchObject({ outcome: 'passed', changed: 0 });
});

test('machines of another installer are refused', async () => {
  await must(worker, ['mkdir', '-p', '/etc/kubernetes/manifests']);
  await must(worker, ['touch', '/etc/kubernetes/manifests/kube-apiserver.yaml']);
  try {
    await expectRefusedWhenEmpty(/holds a cluster that is not ours: \/etc\/kubernetes\/manifests\/kube-apiserver\.yaml; .*\[CLUSTER_UNKNOWN\]/);
  } finally {
    await must(worker, ['rm', '-r', '/etc/kubernetes']);
  }
});

async function expectRefusedWhenEmpty(message: RegExp): Promise<void> {
  const { outcome, failure, changed: changes } = await on.run('deploy');
  expect(failure?.message).toMatch(message);
  expect({ outcome, changes, step: failure?.step }).toEqual({ outcome: 'failed', changes: 0, step: 'pre-install' });
}

test('after reset the document may change, the same state directory serves, and a deploy that was cut off goes on', async () => {
  const altered = changed((document) => {
    document.metadata.name = 'renamed';
    document.spec.network.serviceCIDR = '10.97.0.0/16';
  });
  expect(await on.run('reset')).toMatchObject({ outcome: 'passed' });
  for (const until of ['container-engine', 'control-plane', 'node'] as const) {
    expect(await on.run('deploy', { ...altered, until })).toMatchObject({ outcome: 'aborted' });
  }
  expect(await on.run('deploy', altered)).toMatchObject({ outcome: 'passed' });
  expect(await on.run('deploy', altered)).toMatchObject({ outcome: 'passed', changed: 0 });
});
