import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DocumentError } from '../../../lifecycle/document.ts';
import { loadMatrix, shippedMatrixFile } from '../../../harness/matrix/load.ts';
import { changed, parseMatrix, SHIPPED, SHIPPED_VERSIONS } from './shipped.ts';

function mistakes(text: string): string[] {
  try {
    parseMatrix(text, 'm.yaml');
  } catch (error) {
    if (error instanceof DocumentError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

/** The shipped text with one piece replaced, so that lines stay what they are in the file. */
function edited(from: string, to: string): string {
  expect(SHIPPED).toContain(from);
  return SHIPPED.replace(from, to);
}

test('the shipped file is valid and is the default', async () => {
  expect(shippedMatrixFile()).toBe('matrix/matrix.yaml');
  expect(await loadMatrix()).toMatchObject({ file: 'matrix/matrix.yaml', networkManifest: undefined });
});

test.each([
  ['unknown key', edited('    values: [iptables, nftables]\n', '    valeus: [iptables, nftables]\n'), /^m\.yaml:\d+:5: unknown key "valeus" in axes\.proxy; did you mean values\? \[DOCUMENT_UNKNOWN_KEY\]/m],
  ['wrong type', edited('coverage: full', 'coverage: [full]'), /^m\.yaml:\d+:15: tiers\.smoke\.coverage: expected one of .* \[DOCUMENT_INVALID_VALUE\]$/],
  ['unquoted version', edited('"1.20", "1.34"', '1.20, "1.34"'), /tiers\.merge-request\.axes\.kubernetes\[0\]: expected string, received number; put it in quotes/],
  ['memory without a unit', edited('memory: 3Gi', 'memory: 3'), /machines\[0\]\.memory: must be a quantity with its unit, such as 3Gi/],
  ['syntax', edited('values: [debian-12, debian-13]', 'values: [debian-12, debian-13'), /\[DOCUMENT_SYNTAX\]/],
  ['key twice', edited('    default: debian-12\n', '    default: debian-12\n    default: debian-13\n'), 'm.yaml:13:5: a key stands twice in the same map; keep one of them [DOCUMENT_DUPLICATE_KEY]'],
  ['value twice', edited('[debian-12, debian-13]', '[debian-12, debian-12]'), 'm.yaml:13:25: os "debian-12" stands twice; keep one of them [MATRIX_DUPLICATE]'],
  ['version twice, once by its alias', edited('"1.36", "1.37"]', '"1.37.2", "1.37"]'), /kubernetes "1\.37\.2" stands twice/],
  ['machine twice', edited('name: worker-2', 'name: worker-1'), /machine "worker-1" stands twice/],
  ['an add-on on a topology that is not there', edited('topologies: [small, ha]\nmetrics', 'topologies: [small, hax]\nmetrics'), /^m\.yaml:\d+:23: topology has no value "hax"; did you mean ha\?/],
  ['unknown default', edited('default: debian-12', 'default: debain-12'), 'm.yaml:12:14: os has no value "debain-12"; did you mean debian-12? Otherwise use one of debian-12, debian-13 [MATRIX_UNKNOWN_VALUE]'],
  ['unknown name in a constraint', edited('runtime: "containerd <2.0"', 'runtime: dokcer'), /runtime has no value "dokcer"; did you mean docker\?/],
  ['bad range', edited('">=1.38"', '">=1.38.3.1"'), /">=1\.38\.3\.1" is no range of kubernetes/],
  ['range of another axis', edited('runtime: "containerd <2.0"', 'runtime: ">1.0"'), /">1\.0" is no range of runtime/],
  ['unknown name in a tier', edited('network: [host-gw, vxlan, flannel-host-gw, flannel-vxlan]', 'network: [host-gw, vxlna]'), /network has no value "vxlna"; did you mean vxlan\?/],
  ['unknown name in an included cell', edited('{ topology: ha }', '{ topology: hq }'), /topology has no value "hq"; did you mean ha\?/],
  ['unknown tier', edited('  nightly:', '  nigthly:'), /^m\.yaml:\d+:3: unknown key "nigthly" in tiers; did you mean nightly\? /m],
])('%s', (_name, text, expected) => {
  const found = mistakes(text);
  if (typeof expected === 'string') expect(found[0]).toBe(expected);
  else expect(found.join('\n')).toMatch(expected);
});

test.each([
  ['a short version without a row', { 'axes.etcd.values': ['3.4', '3.8'] }, /nothing says where etcd 3\.8 comes from; give it a row with a source in matrix\/versions\.yaml; releases have full versions alone/],
  ['an even number of etcd members', { 'axes.topology.values.0.machines.1': { name: 'x', roles: ['etcd'], cpus: 1, memory: '1Gi' } }, /all-in-one has 2 etcd members/],
  ['no control plane', { 'axes.topology.values.0.machines.0.roles': ['etcd', 'worker'] }, /no machine of the topology all-in-one has the role control-plane/],
  ['a machine called as a group', { 'axes.topology.values.0.machines.0.name': 'worker' }, /^m\.yaml:\d+:\d+: the name worker means something else .*; use another, such as worker-1 \[MATRIX_NAME_RESERVED\]$/m],
  ['no worker', { 'axes.topology.values.0.machines.0.roles': ['etcd', 'control-plane'] }, /has the role worker/],
  ['a forgotten unit', { 'axes.topology.values.0.machines.0.memory': '3' }, /3 of memory cannot hold a machine; .*as in 3Gi/],
  ['a role twice', { 'axes.topology.values.0.machines.0.roles': ['etcd', 'etcd', 'control-plane', 'worker'] }, /role "etcd" stands twice/],
  ['a default that cannot exist', { 'axes.kubernetes.default': '1.36', 'axes.etcd.default': '3.4' }, /the default cell of the topology all-in-one cannot exist: Kubernetes 1\.36 needs etcd >=3\.5 <3\.7: /],
  ['an included cell that cannot exist', { 'tiers.smoke.include': [{ network: 'manifest' }] }, /the included cell cannot exist: the network manifest needs the path/],
  ['a tier without a cell', { 'tiers.smoke.axes': { network: ['manifest'] } }, /no cell of the tier smoke can exist/],
  ['a constraint on nothing', { 'constraints.0.exclude': {} }, /the constraint would exclude every cell/],
  ['no reason', { 'constraints.0.reason': ' ' }, /constraints\[0\]\.reason: must not be empty/],
  ['too many combinations', { 'axes.etcd.values': Array.from({ length: 300 }, (_, index) => `3.5.${index}`), 'axes.etcd.default': '3.5.0', 'axes.kubernetes.values': Array.from({ length: 9 }, (_, index) => `1.20.${index}`), 'axes.kubernetes.default': '1.20.0', 'tiers.merge-request.axes.kubernetes': 'all', 'tiers.nightly.axes.kubernetes': 'all' }, /more than 20000/],
])('%s', (_name, changes, expected) => {
  expect(mistakes(changed(changes)).join('\n')).toMatch(expected);
});

test('all mistakes are reported together, in the order of the file', () => {
  const text = SHIPPED.replace('default: debian-12', 'default: debian-11').replace('name: worker-2', 'name: worker-1').replace('{ topology: ha }', '{ topology: hq }');
  expect(mistakes(text)).toEqual([
    'm.yaml:12:14: os has no value "debian-11"; did you mean debian-12? Otherwise use one of debian-12, debian-13 [MATRIX_UNKNOWN_VALUE]',
    expect.stringMatching(/^m\.yaml:\d+:21: machine "worker-1" stands twice; keep one of them \[MATRIX_DUPLICATE\]$/),
    expect.stringMatching(/^m\.yaml:\d+:21: topology has no value "hq"; did you mean ha\? /),
  ]);
});

test('a flood of mistakes is cut short for the reader, and complete for programs', () => {
  const text = SHIPPED.replace('values: [containerd, docker, containerd-2.4.2]', `values: [${'x, '.repeat(50)}y]`);
  try {
    parseMatrix(text, 'm.yaml');
    expect.unreachable('51 wrong values were accepted');
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    expect(error.problems).toHaveLength(51);
    expect(error.message.split('\n')).toHaveLength(21);
    expect(error.message).toMatch(/\nand 31 more$/);
  }
});

test('a CNI manifest is found beside the file, and has to exist', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-matrix-'));
  try {
    const file = path.join(directory, 'matrix.yaml');
    await writeFile(file, changed({ 'axes.network.manifest': 'cni.yaml' }));
    await expect(loadMatrix(file)).rejects.toMatchObject({ code: 'MATRIX_VERSIONS_MISSING', fault: 'usage', where: { file, line: 8 } });
    await writeFile(path.join(directory, 'versions.yaml'), SHIPPED_VERSIONS);
    await expect(loadMatrix(file)).rejects.toMatchObject({ code: 'MATRIX_MANIFEST_MISSING', fault: 'usage', where: { file } });
    await writeFile(path.join(directory, 'cni.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n');
    await expect(loadMatrix(file)).rejects.toMatchObject({ code: 'MANIFEST_INVALID', where: { file: path.join(directory, 'cni.yaml'), line: 3, column: 1 } });
    await writeFile(path.join(directory, 'cni.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cni}\n');
    expect(await loadMatrix(file)).toMatchObject({ networkManifest: path.join(directory, 'cni.yaml') });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a file that does not exist is a usage error', async () => {
  await expect(loadMatrix('no/such/matrix.yaml')).rejects.toMatchObject({ code: 'DOCUMENT_UNREADABLE', fault: 'usage' });
});
