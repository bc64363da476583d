import { chmod, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import type { Artifacts, ImageArchive } from '../../../harness/artifact/contract.ts';
import { hashFile } from '../../../harness/artifact/cache/manifest.ts';
import { dockerArchive } from '../../../harness/artifact/image/docker-archive.ts';
import { packTar, type Member } from '../../../harness/artifact/image/tar.ts';
import type { ImageSource } from '../../../harness/matrix/images.ts';
import { fakeImage, imageOfArchive, startFakeRegistry, type FakeRegistry } from '../../fake-registry.ts';

// Needs skopeo: proofgrid doctor --fix --source upstream.
let registry: FakeRegistry;
let cache: string;
let artifacts: Artifacts;
beforeEach(async () => {
  registry = await startFakeRegistry();
  cache = await mkdtemp(join(tmpdir(), 'proofgrid-registry-'));
  artifacts = createArtifacts({ cacheDirectory: cache });
});
afterEach(async () => {
  await registry.stop();
  await rm(cache, { recursive: true });
});

const progress = { signal: new AbortController().signal, report: () => undefined };
const file = (path: string, content: string): Member => ({
  type: 'file',
  path,
  mode: 0o755,
  content: Buffer.from(content),
});
const COREDNS = { Entrypoint: ['/coredns'], User: 'nonroot:nonroot' };
const publish = async (content = 'coredns') =>
  registry.push(
    'coredns/coredns',
    'v1.14.6',
    await fakeImage([[file('etc/passwd', '')], [file('coredns', content)]], COREDNS),
  );
const source = (more: object = {}): ImageSource => ({
  version: '1.14.6',
  image: { url: `http://${registry.host}/coredns/coredns`, tag: 'v1.14.6', ...more },
  links: {},
  files: {},
});
const pull = (wanted = source(), signal = progress.signal) =>
  artifacts.addOnImage({ name: 'coredns', version: '1.14.6', source: wanted }, { ...progress, signal });
const nothingKept = async () => {
  expect(await readdir(join(cache, 'entries'))).toEqual([]);
  expect(await readdir(join(cache, 'building'))).toEqual([]);
};

interface Configuration {
  readonly architecture: string;
  readonly config: unknown;
  readonly rootfs: { readonly diff_ids: readonly string[] };
}
/** What an engine's own library reads out of the archive. */
async function inside({
  directory,
  file: name,
  reference,
}: ImageArchive): Promise<{ configuration: Configuration; list: string }> {
  const archive = join(directory, name);
  const { stdout } = await execa('skopeo', ['inspect', '--config', '--raw', `docker-archive:${archive}:${reference}`]);
  const configuration = JSON.parse(stdout) as Configuration;
  const list = await execa('sh', [
    '-ec',
    [
      'mkdir "$2"; tar -xf "$1" -C "$2"',
      'for layer in $(grep -o "[0-9a-f]*\\.tar" "$2/manifest.json"); do tar -tvf "$2/$layer"; done',
    ].join('\n'),
    'sh',
    archive,
    join(cache, `unpacked-${Date.now()}`),
  ]);
  return { configuration, list: list.stdout };
}

test('an image is pulled once, into the archive and under the name that a built one has', async () => {
  const digest = await publish();
  const image = await pull();
  expect(image).toMatchObject({
    name: 'coredns',
    reference: 'localhost/proofgrid/coredns:1.14.6',
    file: 'coredns.tar',
    provenance: { source: 'upstream', image: `${registry.host}/coredns/coredns:v1.14.6`, digest },
  });
  const { configuration, list } = await inside(image);
  expect(configuration).toMatchObject({ architecture: 'amd64', config: COREDNS });
  expect(list).toMatch(/ etc\/passwd\n.* coredns$/);
  registry.requests.length = 0;
  expect(await pull()).toEqual(image);
  expect(registry.requests).toEqual([]);
});

test('an image that was built here comes back from a registry as the same archive, byte for byte', async () => {
  const scratch = join(cache, 'built');
  await mkdir(join(scratch, 'unpacked'), { recursive: true });
  await writeFile(join(scratch, 'layer.tar'), packTar([file('coredns', 'built')]));
  const layer = { file: join(scratch, 'layer.tar'), sha256: await hashFile(join(scratch, 'layer.tar')) };
  const archive = dockerArchive({ reference: 'localhost/proofgrid/coredns:1.14.6', layers: [layer], config: COREDNS });
  await writeFile(join(scratch, 'coredns.tar'), archive.pack());
  await registry.push(
    'coredns/coredns',
    'v1.14.6',
    await imageOfArchive(join(scratch, 'coredns.tar'), join(scratch, 'unpacked')),
  );
  expect((await pull()).sha256).toBe(await hashFile(join(scratch, 'coredns.tar')));
});

test('what the playbooks start is where they look for it', async () => {
  const flannel = await fakeImage([[file('opt/bin/flanneld', 'daemon')]], { Entrypoint: ['/opt/bin/flanneld'] });
  await registry.push('flannel-io/flannel', 'v0.27.4', flannel);
  const plugin = await registry.push(
    'flannel-io/flannel-cni-plugin',
    'v1',
    await fakeImage([[file('flannel', 'old')], [file('./flannel', 'plugin')]]),
  );
  const at = (name: string, tag: string) => ({ url: `http://${registry.host}/flannel-io/${name}`, tag });
  const wanted: ImageSource = {
    version: '0.27.4',
    image: at('flannel', 'v0.27.4'),
    links: { '/flanneld': '/opt/bin/flanneld' },
    files: { '/flannel': { image: at('flannel-cni-plugin', 'v1'), path: '/flannel' } },
  };
  const image = await artifacts.addOnImage({ name: 'flannel', version: '0.27.4', source: wanted }, progress);
  expect(image.provenance['files']).toBe(`/flannel of ${registry.host}/flannel-io/flannel-cni-plugin:v1@${plugin}`);
  const { configuration, list } = await inside(image);
  expect(configuration.config).toEqual({ Entrypoint: ['/opt/bin/flanneld'] });
  expect(configuration.rootfs.diff_ids).toHaveLength(2);
  expect(list.split('\n')).toEqual([
    expect.stringMatching(/^-rwxr-xr-x .* opt\/bin\/flanneld$/),
    expect.stringMatching(/^l.* flanneld -> \/opt\/bin\/flanneld$/),
    expect.stringMatching(/^-rwxr-xr-x root\/root +6 .* flannel$/),
  ]);
  const moved = { ...wanted, links: { '/flanneld': '/usr/bin/flanneld' } };
  await expect(
    artifacts.addOnImage({ name: 'flannel', version: '0.27.4', source: moved }, progress),
  ).rejects.toMatchObject({
    code: 'ARTIFACT_IMAGE_WITHOUT_FILE',
    message: expect.stringContaining('flannel:v0.27.4 has no file /usr/bin/flanneld') as string,
  });
});

test('pause and agnhost are pulled each for itself', async () => {
  for (const name of ['pause', 'agnhost']) await registry.push(name, '1.0', await fakeImage([[file(name, name)]]));
  const of = (name: string): ImageSource => ({
    version: '1.0',
    image: { url: `http://${registry.host}/${name}`, tag: '1.0' },
    links: {},
    files: {},
  });
  const { pause, agnhost } = await artifacts.images(progress, { pause: of('pause'), agnhost: of('agnhost') });
  expect([pause, agnhost].map(({ reference, file: name }) => [reference, name])).toEqual([
    ['localhost/proofgrid/pause:1.0', 'pause.tar'],
    ['localhost/proofgrid/agnhost:1.0', 'agnhost.tar'],
  ]);
});

test('a recorded digest is compared, and one that has changed downloads nothing', async () => {
  const digest = await publish();
  await expect(pull(source({ digest }))).resolves.toMatchObject({ provenance: { digest } });
  const other = await publish('tampered');
  await rm(join(cache, 'entries'), { recursive: true });
  registry.requests.length = 0;
  await expect(pull(source({ digest }))).rejects.toMatchObject({
    code: 'ARTIFACT_DIGEST_CHANGED',
    fault: 'infrastructure',
    message: expect.stringContaining(`coredns:v1.14.6 is ${other}, and ${digest} is recorded`) as string,
  });
  await nothingKept();
});

test.each([
  ['a tag that is missing', /manifests\/v1/, 404, 'ARTIFACT_NOT_FOUND'],
  ['a registry that wants a login', /manifests/, 401, 'ARTIFACT_REGISTRY_REFUSED'],
  ['a registry that fails', /manifests/, 503, 'ARTIFACT_DOWNLOAD_FAILED'],
  ['a registry that is none', /v2\/$/, 500, 'ARTIFACT_DOWNLOAD_FAILED'],
  ['a layer that is missing', /blobs/, 404, 'ARTIFACT_NOT_FOUND'],
  ['a layer that is something else', /blobs/, Buffer.from('garbage'), 'ARTIFACT_CHECKSUM_MISMATCH'],
])('%s', async (_name, path, answer, code) => {
  await publish();
  registry.misbehave(path, answer);
  const error: unknown = await pull().catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code,
    fault: 'infrastructure',
    message: expect.stringContaining(`${registry.host}/coredns/coredns:v1.14.6`) as string,
  });
  expect((error as Error).message).not.toMatch(/level=fatal|ARTIFACT_BUILD_FAILED/);
  await nothingKept();
});

test('a registry that is not there, and one without TLS that should have it', async () => {
  await publish();
  const nowhere = { ...source(), image: { url: 'http://127.0.0.1:1/coredns', tag: 'v1' } };
  await expect(pull(nowhere)).rejects.toMatchObject({
    code: 'ARTIFACT_DOWNLOAD_FAILED',
    message: expect.stringContaining('connection refused') as string,
  });
  const plain = { ...source(), image: { url: `https://${registry.host}/coredns/coredns`, tag: 'v1.14.6' } };
  await expect(pull(plain)).rejects.toMatchObject({
    code: 'ARTIFACT_DOWNLOAD_FAILED',
    message: expect.stringContaining('HTTP response to HTTPS') as string,
  });
  await nothingKept();
});

test('an interruption ends the pull and leaves the cache whole; the next one pulls', async () => {
  await publish();
  registry.misbehave(/blobs/, 'silence');
  const stop = new AbortController();
  const pending = pull(source(), stop.signal);
  await vi.waitFor(() => expect(registry.requests.some((path) => path.includes('/blobs/'))).toBe(true), {
    timeout: 30_000,
  });
  stop.abort();
  await expect(pending).rejects.toMatchObject({ code: 'ARTIFACT_INTERRUPTED', fault: 'interrupted' });
  await nothingKept();
  registry.behave();
  expect((await pull()).reference).toBe('localhost/proofgrid/coredns:1.14.6');
});

test('an archive that is not what was put there is pulled again', async () => {
  await publish();
  const { directory, file: name, sha256 } = await pull();
  await chmod(join(directory, name), 0o644);
  await truncate(join(directory, name), 1_000);
  expect((await pull()).sha256).toBe(sha256);
});

test('two processes that want an image pull it once', async () => {
  await publish();
  const child = async () => {
    const { stdout } = await execa(process.execPath, [
      '--import',
      join(import.meta.dirname, 'typescript-hook.mjs'),
      join(import.meta.dirname, 'puller.ts'),
      cache,
      JSON.stringify(source()),
    ]);
    return JSON.parse(stdout) as ImageArchive;
  };
  const [first, second] = await Promise.all([child(), child()]);
  expect(second).toEqual(first);
  expect(registry.requests.filter((path) => path.endsWith('/manifests/v1.14.6'))).toHaveLength(1);
});
