import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';

/** The rows as Ansible's own filter merges them; placeholders stay as they are written. */
const SCRIPT = `import json, sys, yaml
sys.path.insert(0, sys.argv[1] + '/playbooks/plugins/filter')
from cluster import for_version
def load(name):
    with open(sys.argv[1] + '/playbooks/group_vars/all/' + name) as file:
        return yaml.safe_load(file)
shared, node = load('version.yml'), load('node.yml')
print(json.dumps({version: {
    'apis': for_version(shared['kubernetes_version_api_rows'], version),
    **{component: for_version(rows, version, {'config': 'file'}) for component, rows in shared['kubernetes_version_flags'].items()},
    'kubelet': for_version(node['kubelet_version_flags']['containerd'], version),
    'settings': for_version(node['kubelet_version_settings'], version),
} for version in sys.argv[2:]}))`;

interface Differences {
  readonly apis: Record<string, string>;
  readonly 'kube-apiserver': Record<string, unknown>;
  readonly 'kube-controller-manager': Record<string, unknown>;
  readonly 'kube-scheduler': Record<string, unknown>;
  readonly kubelet: Record<string, unknown>;
  readonly settings: Record<string, unknown>;
}

async function differences(...versions: string[]): Promise<Differences[]> {
  const { stdout } = await execa('/usr/bin/python3', ['-c', SCRIPT, packageRoot, ...versions], { env: { PYTHONDONTWRITEBYTECODE: '1' }, cwd: path.parse(packageRoot).root });
  const found = JSON.parse(stdout) as Record<string, Differences>;
  return versions.map((version) => found[version] as Differences);
}

test('flags go with the version that drops them, and come with the one that has them', async () => {
  const [v20, v22, v23, v24, v26, v27, v31, v32, v34, v35] = await differences('1.20.2', '1.22.17', '1.23.0', '1.24.0', '1.26.9', '1.27.0', '1.31.9', '1.32.0', '1.34.1', '1.35.0');
  // insecure ports: the scheduler's flags went in 1.23, the controller manager's in 1.24
  for (const old of [v20, v22]) expect(Object.keys(old?.['kube-scheduler'] ?? {})).toEqual(['port', 'kubeconfig', 'leader-elect', 'profiling']);
  for (const now of [v23, v24, v34]) expect(now?.['kube-scheduler']).toEqual({ config: 'file' });
  for (const old of [v20, v23]) expect(old?.['kube-controller-manager']).toHaveProperty('port', 0);
  for (const now of [v24, v34]) expect(now?.['kube-controller-manager']).not.toHaveProperty('port');
  // kubelet: dockershim's flags went in 1.24, the endpoint moved into the configuration in 1.27
  expect(v20?.kubelet).toMatchObject({ 'container-runtime': 'remote' });
  expect(v20?.kubelet).toHaveProperty('docker');
  expect(v24?.kubelet).not.toHaveProperty('docker');
  expect(v26?.kubelet).toHaveProperty('container-runtime-endpoint');
  for (const now of [v27, v34]) expect(now?.kubelet).toEqual({});
  for (const now of [v27, v34]) expect(now?.settings).toEqual({ containerRuntimeEndpoint: expect.stringContaining('containerd.sock') as string });
  expect(v35?.settings).toHaveProperty('failCgroupV1', false);
  // anonymous requests: all or none, until they can be told by path
  for (const old of [v20, v31]) expect(old?.['kube-apiserver']).toEqual({ config: 'file', 'anonymous-auth': false });
  for (const now of [v32, v34]) expect(Object.keys(now?.['kube-apiserver'] ?? {})).toEqual(['config', 'authentication-config']);
  expect([v24, v26, v31].map((each) => each?.apis['scheduler'])).toEqual(['kubescheduler.config.k8s.io/v1beta2', 'kubescheduler.config.k8s.io/v1', 'kubescheduler.config.k8s.io/v1']);
  expect([v31, v32, v34].map((each) => each?.apis['authentication'])).toEqual([undefined, 'apiserver.config.k8s.io/v1beta1', 'apiserver.config.k8s.io/v1']);
});
