import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { COLD_BUILD_MS, machineBoot, progress, proveMachineImage } from '../integration/artifact/boot.ts';

// What only cells of old fleets have: Kubernetes of Debian's source package, and Docker.
const artifacts = createArtifacts();
const boot = machineBoot(artifacts);

test("Kubernetes from Debian's source calls itself what it is", async () => {
  const source = { type: 'debian-source', suite: 'bookworm', package: 'kubernetes', version: '1.20.5+really1.20.2-1.1+deb12u1' } as const;
  const { version, directory, sha256 } = await artifacts.kubernetes(source, progress);
  expect(version).toBe('1.20.2+deb12u1');
  expect(Object.keys(sha256).sort()).toEqual(['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet']);
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubelet']) {
    expect((await execa(join(directory, name), ['--version'])).stdout).toBe('Kubernetes v1.20.2+deb12u1');
  }
  const client: unknown = JSON.parse((await execa(join(directory, 'kubectl'), ['version', '--client', '--output', 'json'])).stdout);
  expect(client).toMatchObject({ clientVersion: { gitVersion: 'v1.20.2+deb12u1', major: '1', minor: '20', goVersion: 'go1.19.8' } });
  // The vendored reflect2 would panic in the first of these.
  expect((await execa(join(directory, 'kubectl'), ['config', 'view', '--output', 'json', '--kubeconfig', '/dev/null'])).stdout).toContain('"kind": "Config"');
  expect((await execa('ldd', [join(directory, 'kubelet')], { reject: false, all: true })).all).toContain('not a dynamic executable');
}, COLD_BUILD_MS);

test.each([['debian-12', 'bookworm'], ['debian-13', 'trixie']])('a machine of %s boots, and Docker loads the images', async (os, etcdSuite) => {
  await proveMachineImage(artifacts, boot, { os, runtime: 'docker', etcdSuite });
}, COLD_BUILD_MS);
