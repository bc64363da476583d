import { expect, test } from 'vitest';
import { DocumentError } from '../../../lifecycle/document.ts';
import { parseMatrix } from '../../../harness/matrix/load.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { changed, shippedMatrix } from './shipped.ts';

const SUM = 'a'.repeat(64);
const containerd = (version = '2.1.4') => ({
  engine: 'containerd',
  version,
  source: { type: 'upstream', url: 'https://m/containerd/', runc: { url: 'https://m/runc/', version: '1.3.0' } },
});
const docker = { engine: 'docker', version: '27.5.1', source: { type: 'upstream', url: 'https://m/docker/', sha256: SUM } };

const matrixWith = (...values: unknown[]) =>
  parseMatrix(changed({ 'axes.runtime.values': ['containerd', 'docker', ...values], 'tiers.nightly.axes.runtime': ['containerd'], 'tiers.release.axes.runtime': ['containerd'] }), 'm.yaml');

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
  const [cell] = selectCells(matrix, { names: ['all-in-one'], set: ['runtime=containerd-2.1.4'] });
  expect(cell).toMatchObject({ runtime: 'containerd', axes: { runtime: 'containerd-2.1.4' } });
  expect(cell?.sources.runtime).toEqual({
    type: 'upstream', engine: 'containerd', url: 'https://m/containerd', version: '2.1.4', runc: { url: 'https://m/runc', version: '1.3.0' },
  });
  const [other] = selectCells(matrix, { names: ['all-in-one'], set: ['runtime=docker-27.5.1'] });
  expect(other?.sources.runtime).toEqual({ type: 'upstream', engine: 'docker', url: 'https://m/docker', version: '27.5.1', sha256: SUM });
});

test('a release changes the name of no cell that has none', () => {
  const slugs = (matrix: ReturnType<typeof shippedMatrix>) => selectCells(matrix, { tier: 'merge-request' }).map(({ slug, sources }) => [slug, sources.runtime]);
  expect(slugs(parseMatrix(changed({ 'axes.runtime.values': ['containerd', 'docker', docker], 'tiers.merge-request.axes.runtime': ['containerd', 'docker'] }), 'm.yaml')))
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
  for (const runtime of ['docker', 'docker-27.5.1']) expect(() => cellOf(runtime, '1.34.1')).toThrow(/docker-needs-dockershim/);
});

test('a range in a constraint knows the version of each package and release', () => {
  for (const runtime of ['containerd', 'containerd-1.7.27']) expect(() => cellOf(runtime, '1.36.0')).toThrow(/containerd-2-needed/);
  expect(() => cellOf('containerd', '1.36.0', 'debian-13')).toThrow(/containerd-2-needed/);
  expect(cellOf('containerd-2.1.4', '1.36.0')).toHaveLength(1);
});

test.each(['docker <27', 'docker<27.0', 'podman', 'docker-28.0.0', '>=1.0'])('the condition %j is refused at its place', (runtime) => {
  const text = changed({ 'constraints.0.exclude.runtime': runtime });
  expect(() => parseMatrix(text, 'm.yaml')).toThrow(/^m\.yaml:\d+:\d+: .*runtime.* \[MATRIX_(UNKNOWN_VALUE|BAD_RANGE)\]$/);
});
