import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const playbooks = path.resolve('playbooks');
const REFERENCE = 'localhost/proofgrid/pause:3.10';
const PIN = 'io.cri-containerd.pinned=pinned';
/** A containerd of one image: its labels are a file's content, and no file is no image. */
const FAKE_CTR = `#!/bin/sh
shift 2
echo "$@" >> calls
case "$*" in
  version) printf 'Client:\\n  Version: 9\\nServer:\\n  Version: v1.7.24\\n' ;;
  'images list') echo REF TYPE DIGEST SIZE PLATFORMS LABELS; test ! -e labels || echo "${REFERENCE} type sha256:1 1 MiB linux/amd64 $(cat labels)" ;;
  'images import '*) echo - > labels ;;
  'images label '*) echo "$4" > labels ;;
esac
`;
/** As Ansible runs it: with our own module_utils among its own. */
const RUN = `import runpy, sys, ansible.module_utils
ansible.module_utils.__path__.append(sys.argv[2])
module, sys.argv = sys.argv[1], sys.argv[:1]
runpy.run_path(module, run_name='__main__')`;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'preloaded-images-'));
  await writeFile(path.join(directory, 'ctr'), FAKE_CTR);
  await chmod(path.join(directory, 'ctr'), 0o755);
  await writeFile(path.join(directory, 'image.tar'), 'an archive');
});
afterEach(() => rm(directory, { recursive: true }));

async function loadImages(): Promise<{ changed: boolean; loaded: string[]; pinned: string[] }> {
  const sha256 = createHash('sha256').update('an archive').digest('hex');
  const images = [{ reference: REFERENCE, path: path.join(directory, 'image.tar'), sha256 }];
  const input = JSON.stringify({ ANSIBLE_MODULE_ARGS: { engine: 'containerd', images, record: path.join(directory, 'record.json') } });
  const module = path.join(playbooks, 'plugins/modules/image_archives.py');
  const { stdout } = await execa('/usr/bin/python3', ['-c', RUN, module, path.join(playbooks, 'plugins/module_utils')], { input, cwd: directory, env: { PATH: `${directory}:${process.env['PATH']}`, PYTHONDONTWRITEBYTECODE: '1' } });
  return JSON.parse(stdout) as { changed: boolean; loaded: string[]; pinned: string[] };
}

test('an image is loaded and pinned once, and pinned again when somebody took the pin', async () => {
  expect(await loadImages()).toMatchObject({ changed: true, loaded: [REFERENCE], pinned: [REFERENCE] });
  expect((await readFile(path.join(directory, 'labels'), 'utf8')).trim()).toBe(PIN);
  expect(await loadImages()).toMatchObject({ changed: false, loaded: [], pinned: [] });
  await writeFile(path.join(directory, 'labels'), 'io.cri-containerd.image=managed');
  expect(await loadImages()).toMatchObject({ changed: true, loaded: [], pinned: [REFERENCE] });
});

test.for([
  { images: [{ reference: REFERENCE }], threshold: 100 },
  { images: [], threshold: 85 },
])('the kubelet removes images above $threshold % of the disk', async ({ images, threshold }) => {
  const variables = { cluster: { spec: { runtime: { images } } } };
  const { stdout } = await execa(
    'ansible',
    ['localhost', '-m', 'debug', '-a', 'var=node_image_gc_threshold', '-e', `@${playbooks}/roles/node/defaults/main.yml`, '-e', JSON.stringify(variables)],
    { cwd: directory, env: { ANSIBLE_NOCOLOR: '1', ANSIBLE_LOCALHOST_WARNING: 'false', ANSIBLE_INVENTORY_UNPARSED_WARNING: 'false' } },
  );
  expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ node_image_gc_threshold: String(threshold) });
});
