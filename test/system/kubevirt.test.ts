import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../lifecycle/root.ts';
import { ApiClient } from '../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../kubevirt/control-plane.ts';
import { containerBackend } from '../kubevirt/double/container-backend.ts';
import { startDouble, type Double } from '../kubevirt/double/double.ts';
import { suppliesOf } from '../kubevirt/supplies.ts';
import { newDirectory } from './proofgrid.ts';

let plane: ControlPlane;
let admin: ApiClient;
let double: Double;
let site: string;

beforeAll(async () => {
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
  double = await startDouble(plane, containerBackend(await suppliesOf('small')));
  site = path.join(plane.directory, 'site.yaml');
  await writeFile(site, SITE);
});
afterAll(async () => {
  await double?.stop();
  admin?.close();
  await plane?.stop();
});

const SITE = `apiVersion: proofgrid.dev/v1alpha1
kind: Site
metadata: { name: double }
spec:
  images:
    debian-12: { type: claim, namespace: images, name: debian-12 }
  # the double's containers see the seeds where a golden image would have them
  seeds: baked
  network: { type: bridge }
  scheduling: { controlPlanes: preferred }
`;

test('a whole cell runs on virtual machines, and nothing is left', async () => {
  const directory = await newDirectory('kubevirt');
  const { exitCode, all } = await execa(
    process.execPath,
    [path.join(packageRoot, 'bin', 'proofgrid.js'), 'run', 'small', '--provider', 'kubevirt', '--site', site, '--run-dir', directory],
    { reject: false, all: true, cwd: packageRoot, env: { KUBECONFIG: plane.kubeconfig } },
  );
  const junit = await readFile(path.join(directory, 'junit.xml'), 'utf8');
  expect(exitCode, `${all}\n${double.problems.slice(-5).join('\n')}`).toBe(0);
  expect(junit).toMatch(/<testsuites [^>]*failures="0"[^>]*errors="0"/);
  expect(junit).toMatch(/name="deploy/);
  const namespaces = await admin.list('/api/v1/namespaces');
  expect(namespaces.filter(({ metadata }) => metadata.labels?.['proofgrid.dev/lease'] !== undefined)).toEqual([]);
});
