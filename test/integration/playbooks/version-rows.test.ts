import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { defaultCell } from '../../default-cell.ts';
import { COLD_BUILD_MS, progress } from '../artifact/boot.ts';
import { merged, TABLES, unknownFlags } from './version-rows.ts';

async function keys(table: string, ...versions: string[]): Promise<string[][]> {
  return (await merged(table, versions)).map((each) => Object.keys(each).filter((key) => key !== 'config'));
}

test.each([...TABLES])('every row of %s says where it comes from, and holds for some version', (_, rows) => {
  expect(rows.length).toBeGreaterThan(0);
  for (const { since, until, value, source } of rows) {
    expect(source, JSON.stringify(value)).toMatch(/^https:\/\/\S+$/);
    expect(Object.keys(value).length).toBeGreaterThan(0);
    for (const bound of [since, until]) expect(bound ?? '1.0').toMatch(/^\d+\.\d+$/);
    if (since !== undefined && until !== undefined) expect(minor(since)).toBeLessThan(minor(until));
  }
});

function minor(version: string): number {
  return Number(version.split('.')[0]) * 1000 + Number(version.split('.')[1]);
}

test('no condition on a version stands outside the rows', async () => {
  const { stdout } = await execa('git', ['grep', '--files-with-matches', '-E', 'is version\\(|version_compare', '--', 'playbooks'], { cwd: packageRoot, reject: false });
  expect(stdout).toBe('');
});

test('insecure ports are closed by flags until the flags go', async () => {
  for (const found of await merged('kube-scheduler.flags', ['1.20.2+deb12u1', '1.22.17'])) expect(Object.keys(found)).toEqual(['port', 'kubeconfig', 'leader-elect', 'profiling']);
  for (const found of await merged('kube-scheduler.flags', ['1.23.0', '1.37.2'])) expect(found).toEqual({ config: 'file' });
  expect(await keys('kube-controller-manager.flags', '1.20.2', '1.23.0', '1.24.0', '1.37.2')).toEqual([['port', 'controllers'], ['port', 'controllers'], [], []]);
});

test('anonymous requests: all or none, until they can be told by path', async () => {
  expect(await keys('kube-apiserver.flags', '1.20.2', '1.31.9', '1.32.0', '1.37.2')).toEqual([['anonymous-auth'], ['anonymous-auth'], ['authentication-config'], ['authentication-config']]);
  const apis = await merged('kube-apiserver.apis', ['1.31.9', '1.32.0', '1.34.4', '1.37.2']);
  expect(apis.map((each) => each['authentication'])).toEqual([undefined, 'apiserver.config.k8s.io/v1beta1', 'apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1']);
  const schedulers = await merged('kube-scheduler.apis', ['1.22.17', '1.24.0', '1.26.9', '1.37.2']);
  expect(schedulers.map((each) => each['configuration'])).toEqual([undefined, 'kubescheduler.config.k8s.io/v1beta2', 'kubescheduler.config.k8s.io/v1', 'kubescheduler.config.k8s.io/v1']);
});

test('admission: what the API server has at all, and Pod Security from its beta on', async () => {
  const [oldest, middle, newest] = await keys('kube-apiserver.admission', '1.20.2', '1.21.0', '1.37.2');
  expect([oldest, middle, newest]).toEqual([['NodeRestriction', 'EventRateLimit'], ['NodeRestriction', 'EventRateLimit', 'DenyServiceExternalIPs'], ['NodeRestriction', 'EventRateLimit', 'DenyServiceExternalIPs']]);
  const apis = await merged('kube-apiserver.apis', ['1.22.17', '1.23.0', '1.25.0', '1.37.2']);
  const group = 'pod-security.admission.config.k8s.io';
  expect(apis.map((each) => each['pod_security'])).toEqual([undefined, `${group}/v1beta1`, `${group}/v1`, `${group}/v1`]);
});

test('the kubelet: dockershim went in 1.24, the endpoint moved into the configuration in 1.27', async () => {
  const versions = ['1.20.2', '1.24.0', '1.26.9', '1.27.0', '1.37.2'];
  expect(await keys('kubelet.engines', ...versions)).toEqual([['containerd', 'docker'], ['containerd'], ['containerd'], ['containerd'], ['containerd']]);
  const remote = ['container-runtime', 'container-runtime-endpoint'];
  expect(await keys('kubelet.flags.containerd', ...versions)).toEqual([[...remote, 'docker'], remote, remote, [], []]);
  expect(await keys('kubelet.settings', ...versions)).toEqual([['apiVersion'], ['apiVersion'], ['apiVersion'], ['apiVersion', 'containerRuntimeEndpoint', 'seccompDefault'], ['apiVersion', 'containerRuntimeEndpoint', 'seccompDefault']]);
});

test('cgroup v1 is allowed where it would be refused, and remarked on since it is not developed any more', async () => {
  const versions = ['1.20.2', '1.30.0', '1.31.0', '1.34.4', '1.35.4', '1.37.2'];
  expect(await keys('kubelet.cgroup_v1_settings', ...versions)).toEqual([[], [], [], [], ['failCgroupV1'], ['failCgroupV1']]);
  expect(await keys('kubelet.cgroup_v1_notes', ...versions)).toEqual([[], [], ['note'], ['note'], ['note'], ['note']]);
});

test("control planes lose the master's label in 1.24 and its taint in 1.25", async () => {
  const [now, before] = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
  expect(await keys('node.labels', '1.20.2', '1.23.0', '1.24.0', '1.37.2')).toEqual([[now, before], [now, before], [now], [now]]);
  expect(await keys('node.taints', '1.20.2', '1.24.0', '1.25.0', '1.37.2')).toEqual([[now, before], [now, before], [now], [now]]);
});

test('etcd gives up its experimental names in 3.6, and 3.4 needs what is a default later', async () => {
  expect(await keys('etcd.settings', '3.4.23', '3.5.16', '3.6.16', '3.7.0')).toEqual([
    ['enable-grpc-gateway', 'logger', 'experimental-initial-corrupt-check'],
    ['experimental-initial-corrupt-check', 'experimental-watch-progress-notify-interval'],
    ['feature-gates', 'watch-progress-notify-interval'],
    ['feature-gates', 'watch-progress-notify-interval'],
  ]);
});

test('containerd gets the newest format of its configuration that it reads without converting it', async () => {
  const found = await merged('containerd.settings', ['', '1.6.20', '1.7.24', '2.0.0', '2.2.1', '2.3.0', '2.4.2']);
  expect(found.map(({ version }) => version)).toEqual([2, 2, 2, 3, 3, 4, 4]);
});

test('containerd is told of its CNI plugins by the name that it knows', async () => {
  const [before, after] = (await merged('containerd.settings', ['2.0.13', '2.1.3'])).map(({ plugins }) => String(plugins));
  expect([before, after]).toEqual([expect.stringContaining('containerd_cni_directory,') as string, expect.stringContaining('containerd_cni_directories,') as string]);
});

test('the default version offers every flag that it is given', async () => {
  const { directory, version } = await createArtifacts().kubernetes((await defaultCell()).sources.kubernetes, progress);
  expect(await unknownFlags(directory, version)).toEqual([]);
}, COLD_BUILD_MS);
