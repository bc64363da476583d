import { expect, test } from 'vitest';
import { DocumentError } from '../../../lifecycle/document.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { parseVersions, withSource } from '../../../harness/matrix/versions/table.ts';
import { changed, changedVersions, parseMatrix, shippedMatrix, shippedVersions } from './shipped.ts';

const SUM = 'a'.repeat(64);
const containerd = (version = '2.1.4') => ({
  engine: 'containerd',
  version,
  source: { type: 'upstream', url: 'https://m/containerd/', runc: { url: 'https://m/runc/', version: '1.3.0' } },
});
const docker = { engine: 'docker', version: '27.5.1', source: { type: 'upstream', url: 'https://m/docker/', sha256: SUM } };

/** What Docker and old engines go with. */
const OLD = ['kubernetes=1.20', 'etcd=3.5'];

const matrixWith = (...values: unknown[]) =>
  parseMatrix(changed({ 'axes.runtime.values': ['containerd', 'docker', ...values], 'tiers.merge-request.axes.runtime': ['containerd'], 'tiers.nightly.axes.runtime': ['containerd'], 'tiers.release.axes.runtime': ['containerd'] }), 'm.yaml');

function mistakes(...values: unknown[]): string[] {
  try {
    matrixWith(...values);
  } catch (error) {
    if (error instanceof DocumentError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

test('a release is a value of its own, and its cell says where it comes from', () => {
  const matrix = matrixWith(containerd(), docker);
  const [cell] = selectCells(matrix, { names: ['all-in-one'], set: ['kubernetes=1.37', 'etcd=3.5', 'runtime=containerd-2.1.4'] });
  expect(cell).toMatchObject({ runtime: 'containerd', axes: { runtime: 'containerd-2.1.4' } });
  expect(cell?.sources.runtime).toEqual({
    type: 'upstream', engine: 'containerd', url: 'https://m/containerd', version: '2.1.4', runc: { url: 'https://m/runc', version: '1.3.0' },
  });
  const [other] = selectCells(matrix, { names: ['all-in-one'], set: [...OLD, 'runtime=docker-27.5.1'] });
  expect(other?.sources.runtime).toEqual({ type: 'upstream', engine: 'docker', url: 'https://m/docker', version: '27.5.1', sha256: SUM });
});

test('a release changes the name of no cell that has none', () => {
  const slugs = (matrix: ReturnType<typeof shippedMatrix>) => selectCells(matrix, { tier: 'merge-request' }).map(({ slug, sources }) => [slug, sources.runtime]);
  const names = ['containerd', 'docker', 'containerd-2.4.2'];
  expect(slugs(parseMatrix(changed({ 'axes.runtime.values': [...names, docker], 'tiers.merge-request.axes.runtime': names }), 'm.yaml')))
    .toEqual(slugs(shippedMatrix()));
});

test.each([
  ['an unknown engine', { ...docker, engine: 'podman' }, /^m\.yaml:\d+:\d+: axes\.runtime\.values\[2\]\.engine: .*"containerd", "docker"/],
  ['an unknown key', { ...docker, verison: '1' }, /unknown key "verison" in axes\.runtime\.values\[2\]; did you mean version\?/],
  ['no version', { engine: 'docker', source: docker.source }, /"version" is missing in axes\.runtime\.values\[2\]/],
  ['no source', { engine: 'docker', version: '27.5.1' }, /"source" is missing in axes\.runtime\.values\[2\]/],
  ['a short version', { ...docker, version: '27.5' }, /axes\.runtime\.values\[2\]\.version: must be a full version/],
  ['no checksum', { ...docker, source: { type: 'upstream', url: 'https://m' } }, /"sha256" is missing in axes\.runtime\.values\[2\]\.source/],
  ['half a checksum', { ...docker, source: { ...docker.source, sha256: 'abc' } }, /must be the SHA-256 of the archive/],
  ['no runc', { ...containerd(), source: { type: 'upstream', url: 'https://m' } }, /"runc" is missing in axes\.runtime\.values\[2\]\.source/],
  ['a mirror that is no address', { ...docker, source: { ...docker.source, url: 'file:///x' } }, /must be an http or https address/],
])('%s', (_name, value, expected) => {
  expect(mistakes(value).join('\n')).toMatch(expected);
});

test('a release twice', () => {
  expect(mistakes(docker, docker)).toEqual([expect.stringMatching(/^m\.yaml:\d+:\d+: runtime "docker-27\.5\.1" stands twice/)]);
});

const cellOf = (runtime: string, kubernetes: string, os = 'debian-12') =>
  selectCells(matrixWith(containerd(), containerd('1.7.27'), docker), { names: ['all-in-one'], set: [`runtime=${runtime}`, `kubernetes=${kubernetes}`, `os=${os}`, 'etcd=3.5'] });

test('an engine in a constraint is every version of it', () => {
  for (const runtime of ['docker', 'docker-27.5.1']) expect(() => cellOf(runtime, '1.34.1')).toThrow(/removed dockershim.*\(kubernetes-1\.34-docker; https:/);
});

test('a range in a constraint knows the version of each package and release', () => {
  for (const runtime of ['containerd', 'containerd-1.7.27']) expect(() => cellOf(runtime, '1.38.0')).toThrow(/containerd-1-ends-with-1-37/);
  expect(() => cellOf('containerd', '1.38.0', 'debian-13')).toThrow(/containerd-1-ends-with-1-37/);
  expect(cellOf('containerd-2.1.4', '1.38.0')).toHaveLength(1);
  expect(cellOf('containerd', '1.37.2')).toHaveLength(1);
});

test.each(['docker <27', 'docker<27.0', 'podman', 'docker-28.0.0', 'containerd-2', '>=1.0'])('the condition %j is refused at its place', (runtime) => {
  const text = changed({ 'constraints.1.exclude.runtime': runtime });
  expect(() => parseMatrix(text, 'm.yaml')).toThrow(/^m\.yaml:\d+:\d+: .*runtime.* \[MATRIX_(UNKNOWN_VALUE|BAD_RANGE)\]$/);
});

test('a release of containerd comes from where all releases do, with the runc of its row', () => {
  const chosen = (source: 'go-module' | 'upstream', runtime: string) =>
    selectCells(parseMatrix(changed({}), 'm.yaml', withSource(shippedVersions, source)), { names: ['all-in-one'], set: ['kubernetes=1.37', 'etcd=3.6', `runtime=${runtime}`] })[0];
  expect(chosen('go-module', 'containerd-2.4')).toMatchObject({
    axes: { runtime: 'containerd-2.4.2' },
    sources: { runtime: { type: 'go-module', engine: 'containerd', version: '2.4.2', runc: { version: '1.4.0' } } },
    notes: [],
  });
  expect(chosen('upstream', 'containerd-2.4.2')?.sources.runtime).toEqual({
    type: 'upstream', engine: 'containerd', version: '2.4.2',
    url: 'https://github.com/containerd/containerd/releases/download',
    runc: { url: 'https://github.com/opencontainers/runc/releases/download', version: '1.4.0' },
  });
  expect(chosen('go-module', 'containerd-2.3.7')?.notes).toEqual(['containerd 2.3.7 is not in matrix/versions.yaml: it comes from Go modules, with runc 1.4.0 and the CNI plugins 1.10.0 of the newest row']);
});

test('a release that is a row comes with its CNI plugins, and with the crictl of the Kubernetes', () => {
  const components = (source: 'go-module' | 'upstream', ...set: string[]) => {
    const [cell] = selectCells(parseMatrix(changed({ 'axes.network.manifest': 'mine.yaml' }), 'm.yaml', withSource(shippedVersions, source)), { names: ['all-in-one'], set });
    const { kubernetes, etcd, runtime, ...others } = cell?.sources ?? {};
    expect([kubernetes?.type, etcd?.type, runtime?.type]).toEqual([source, source, source]);
    return others;
  };
  const released = 'runtime=containerd-2.4.2';
  expect(components('go-module', released, 'kubernetes=1.37')).toEqual({ 'cni-plugins': { type: 'go-module', version: '1.10.0' }, crictl: { type: 'go-module', version: '1.37.0' } });
  expect(components('go-module', released, 'kubernetes=1.35')).toMatchObject({ crictl: { type: 'go-module', version: '1.34.0' } });
  expect(components('upstream', released, 'kubernetes=1.37')).toEqual({
    'cni-plugins': { type: 'upstream', url: 'https://github.com/containernetworking/plugins/releases/download', version: '1.10.0' },
    crictl: { type: 'upstream', url: 'https://github.com/kubernetes-sigs/cri-tools/releases/download', version: '1.37.0' },
  });
  expect(components('go-module', released, 'network=manifest')).toEqual({ crictl: { type: 'go-module', version: '1.37.0' } });
});

test("a row without CNI plugins leaves the machines' own", () => {
  const versions = parseVersions(changedVersions({ 'containerd.0.cni-plugins': undefined }), 'v.yaml');
  const [cell] = selectCells(parseMatrix(changed({}), 'm.yaml', versions), { names: ['all-in-one'], set: ['runtime=containerd-2.4'] });
  expect(Object.keys(cell?.sources ?? {})).toEqual(['kubernetes', 'etcd', 'runtime', 'crictl']);
});

test('neither the default cell, nor one with a package or a release written out, waits for any of them', () => {
  const [package_] = cellOf('containerd', '1.37');
  const [writtenOut] = cellOf('containerd-2.1.4', '1.37');
  for (const cell of [...selectCells(shippedMatrix(), { names: ['all-in-one', 'small', 'ha'] }), package_, writtenOut]) {
    expect(Object.keys(cell?.sources ?? {})).not.toContain('cni-plugins');
    expect(Object.keys(cell?.sources ?? {})).not.toContain('crictl');
  }
});

test.each([['1.20', 'containerd-1.7.27', 'none'], ['1.30.4', 'containerd-2.4.2', '1.34.0'], ['1.36', 'containerd-2.4.2', '1.36.0']])('Kubernetes %s with %s: crictl %s', (kubernetes, runtime, version) => {
  const [cell] = selectCells(shippedMatrix(), { names: ['all-in-one'], set: [`kubernetes=${kubernetes}`, `runtime=${runtime}`, 'etcd=3.5'] });
  expect(cell?.sources.crictl?.version ?? 'none').toBe(version);
});
