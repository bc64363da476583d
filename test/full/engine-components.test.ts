import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readJournal } from '../../harness/journal/read.ts';
import { replay } from '../../harness/journal/replay.ts';
import { leasedResources, newDirectory, proofgrid } from '../system/proofgrid.ts';
import { settable, valuesOf } from './settable.ts';

const [release = 'none'] = valuesOf('runtime').filter((runtime) => runtime.startsWith('containerd-'));

test('an engine that is a release has its own CNI plugins and crictl, and the evidence says what it had', async () => {
  const directory = await newDirectory('components');
  const set = settable('all-in-one', [`runtime=${release}`, 'network=flannel-vxlan']);
  const { all, exitCode } = await proofgrid(['run', 'all-in-one', ...set.flatMap((word) => ['--set', word]), '--run-dir', directory]);
  expect(exitCode, all).toBe(0);
  const [cell] = replay(readJournal(path.join(directory, 'journal.jsonl')).lines).cells;
  expect(cell?.properties).toMatchObject({
    'cni-plugins.version': expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    'cni-plugins.provenance.modules': expect.stringContaining('github.com/containernetworking/plugins@v') as string,
    'crictl.version': expect.stringMatching(/^1\.\d+\.\d+$/) as string,
    'crictl.provenance.modules': expect.stringContaining('sigs.k8s.io/cri-tools@v') as string,
  });
  const [slug = ''] = await readdir(path.join(directory, 'cells'));
  const evidence = (file: string) => readFile(path.join(directory, 'cells', slug, 'evidence', 'node-1', file), 'utf8');
  // the only directory: no plugin of the system's package can stand in
  expect(await evidence('configuration.txt')).toMatch(/^bin_dirs = \["\/opt\/proofgrid\/cni-plugins\/bin"\]$/m);
  const containers = await evidence('containers.txt');
  expect(containers).toMatch(/^==> crictl .*ps --all\n(.*\n)+?.* Running +coredns /m);
  expect(containers).not.toContain('# exit code');
  expect(await leasedResources(directory)).toEqual([]);
});
