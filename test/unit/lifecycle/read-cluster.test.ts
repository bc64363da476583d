import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readInventory, groupsYaml } from '../../../lifecycle/inventory.ts';
import { readClusterDeployment } from '../../../lifecycle/read-cluster.ts';

const DOCUMENT = `apiVersion: proofgrid.dev/v1alpha1
kind: ClusterDeployment
metadata: {name: test}
spec:
  kubernetes: {version: 1.34.1, binaries: {source: {type: directory, path: /opt}, sha256: {}}}
  etcd: {version: 3.5.16, binaries: {source: {type: directory, path: /opt}, sha256: {}}}
  runtime: {name: containerd}
  network: {plugin: manifest, manifest: cni.yaml}
  dns: {type: none, reason: no image}
  controlPlane: {endpoint: {type: direct}}
  machines:
    - {name: b, roles: [control-plane, etcd]}
    - {name: a, roles: [worker]}
`;

const CNI = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cni}\n';

async function files(contents: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'cluster-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(contents)) await writeFile(path.join(directory, name), text);
  return directory;
}

test('defaults are filled in, manifests count from the document', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT, 'cni.yaml': CNI });
  const { spec } = await readClusterDeployment(path.join(directory, 'cluster.yaml'));
  expect(spec.network).toMatchObject({ podCIDR: '10.244.0.0/16', manifest: path.join(directory, 'cni.yaml') });
});

test('a manifest that is not there is told with its place', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT });
  await expect(readClusterDeployment(path.join(directory, 'cluster.yaml'))).rejects.toThrow(/cluster\.yaml:8:41: there is no file cni\.yaml.*\[MANIFEST_MISSING\]/);
});

test('rules between values are told with their place', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT.replace('name: a, roles: [worker]', 'name: b, roles: [worker, etcd]'), 'cni.yaml': CNI });
  await expect(readClusterDeployment(path.join(directory, 'cluster.yaml'))).rejects.toThrow(/cluster\.yaml:12:5: .*odd number.*got 2.*\n.*cluster\.yaml:13:14: .*duplicate machine b/s);
});

test('executables of an engine without its version are told with their place', async () => {
  const released = 'runtime: {name: docker, binaries: {source: {type: directory, path: /opt}, sha256: {}}}';
  const directory = await files({ 'cluster.yaml': DOCUMENT.replace('runtime: {name: containerd}', released), 'cni.yaml': CNI });
  await expect(readClusterDeployment(path.join(directory, 'cluster.yaml'))).rejects.toThrow(/cluster\.yaml:7:\d+: .*binaries are of one version: name it/);
});

test('groups keep the order of the document, empty ones stand there too', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT.replace('[worker]', '[control-plane]').replace('type: direct}', 'type: external, host: lb, port: 6443}'), 'cni.yaml': CNI });
  const groups = groupsYaml(await readClusterDeployment(path.join(directory, 'cluster.yaml')));
  expect(groups).toBe('etcd:\n  hosts: {"b": null}\ncontrol_plane:\n  hosts: {"b": null, "a": null}\nworker:\n  hosts: {}\n');
});

test('an inventory with exactly the machines is accepted', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT, 'cni.yaml': CNI, 'inventory.yaml': 'all:\n  hosts:\n    a: {ansible_host: 10.0.0.1, ansible_port: 22}\n    b:\n' });
  const cluster = await readClusterDeployment(path.join(directory, 'cluster.yaml'));
  await expect(readInventory(path.join(directory, 'inventory.yaml'), cluster)).resolves.toEqual({ b: {}, a: { ansible_host: '10.0.0.1', ansible_port: 22 } });
});
