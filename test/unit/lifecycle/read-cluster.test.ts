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

test.each([
  ['an address among the pods', 'a: {ansible_host: 10.244.7.1}', /^inventory\.yaml:3:23: the address of a 10\.244\.7\.1 lies in the pod network 10\.244\.0\.0\/16; .*spec\.machines\[\]\.address \[CLUSTER_NETWORKS_OVERLAP\]$/],
  ['the loopback', 'a: {ansible_host: 127.0.0.1}', /^inventory\.yaml:3:23: the address of a 127\.0\.0\.1 is, or has, .*\[CLUSTER_ADDRESS_UNUSABLE\]$/],
  ['another family', 'a: {ansible_host: "fd00::1"}', /^inventory\.yaml:3:23: .*\[CLUSTER_FAMILIES_MIXED\]$/],
  ['no host at all', 'a: {ansible_host: "a b"}', /^inventory\.yaml:3:23: all\.hosts\.a\.ansible_host: must be an address, or a name .*\[DOCUMENT_INVALID_VALUE\]$/],
  ['a template as a host', 'a: {ansible_host: "{{ x }}"}', /^inventory\.yaml:3:23: .*\[DOCUMENT_INVALID_VALUE\]$/],
  ['a line break', 'a: {ansible_user: "x\\ny"}', /^inventory\.yaml:3:23: .*must not contain control characters/],
  ['a variable that is none of a connection', 'a: {machine_address: 10.0.0.1}', /^inventory\.yaml:3:9: key .*only connection variables/],
])('an inventory with %s is told with its place', async (_title, host, message) => {
  const directory = await files({ 'cluster.yaml': DOCUMENT, 'cni.yaml': CNI, 'inventory.yaml': `all:\n  hosts:\n    ${host}\n    b: {ansible_host: 10.0.0.2}\n` });
  const cluster = await readClusterDeployment(path.join(directory, 'cluster.yaml'));
  const refused = readInventory(path.join(directory, 'inventory.yaml'), cluster).catch((error: unknown) => Promise.reject(new Error(String((error as Error).message).replaceAll(`${directory}/`, ''))));
  await expect(refused).rejects.toThrow(message);
});

test('two machines at one address are told at the second', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT, 'cni.yaml': CNI, 'inventory.yaml': 'all:\n  hosts:\n    a: {ansible_host: 10.0.0.1}\n    b: {ansible_host: 10.0.0.1}\n' });
  const cluster = await readClusterDeployment(path.join(directory, 'cluster.yaml'));
  await expect(readInventory(path.join(directory, 'inventory.yaml'), cluster)).rejects.toMatchObject({ code: 'CLUSTER_DUPLICATE', where: { line: 3, column: 23 } });
});

test('a machine with an address of its own may be managed over any', async () => {
  const own = DOCUMENT.replace('{name: b, ', '{name: b, address: 10.0.0.11, ').replace('{name: a, ', '{name: a, address: 10.0.0.12, ');
  const directory = await files({ 'cluster.yaml': own, 'cni.yaml': CNI, 'inventory.yaml': 'all:\n  hosts:\n    a: {ansible_host: 127.0.0.1, ansible_port: 2201}\n    b: {ansible_host: node-b.example}\n' });
  const cluster = await readClusterDeployment(path.join(directory, 'cluster.yaml'));
  await expect(readInventory(path.join(directory, 'inventory.yaml'), cluster)).resolves.toMatchObject({ b: { ansible_host: 'node-b.example' } });
});

test('a mistake in a manifest is told where it stands in the manifest', async () => {
  const directory = await files({ 'cluster.yaml': DOCUMENT, 'cni.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x}\n' });
  await expect(readClusterDeployment(path.join(directory, 'cluster.yaml'))).rejects.toMatchObject({ code: 'MANIFEST_INVALID', where: { file: path.join(directory, 'cni.yaml'), line: 3, column: 1 } });
});
