import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { junitFacts } from './junit-facts.ts';
import { startManagementCluster, type ManagementCluster } from './management-cluster.ts';
import { newDirectory, proofgrid } from './proofgrid.ts';

let cluster: ManagementCluster;

beforeAll(async () => {
  cluster = await startManagementCluster('small');
});
afterAll(async () => {
  await cluster?.stop();
});

/**
 * What the two providers' JUnit of the same cell may differ in, line by line, and why. There is nothing: `small` has one
 * control plane, so the check that cuts its power is skipped for that reason with both.
 */
const EXPLAINED: readonly { readonly line: RegExp; readonly why: string }[] = [];

test('a whole cell runs on virtual machines behind the API server, leaves nothing, and reports what containers report', async () => {
  const directory = await newDirectory('kubevirt');
  const site = await cluster.site('double', { access: 'api-server' });
  const blocked = fileURLToPath(new URL('no-straight-way.mjs', import.meta.url));
  const run = await cluster.proofgrid(['run', 'small', '--set', 'network=vxlan', '--provider', 'kubevirt', '--site', site, '--run-dir', directory], { env: { NODE_OPTIONS: `--import=${blocked}` } });
  const junit = await readFile(path.join(directory, 'junit.xml'), 'utf8');
  expect(run.exitCode, `${run.all}\n${cluster.double.problems.slice(-5).join('\n')}`).toBe(0);
  expect(junit).toMatch(/<testsuites [^>]*failures="0"[^>]*errors="0"/);
  expect(junit.match(/name="machines\.access-[^"]+" value="[^"]+"/g)?.every((access) => access.endsWith('value="API server"'))).toBe(true);
  expect(await cluster.namespaces(), 'nothing is left').toEqual(new Map());

  const other = await newDirectory('container');
  const containers = await proofgrid(['run', 'small', '--set', 'network=vxlan', '--run-dir', other]);
  expect(containers.exitCode, containers.all).toBe(0);
  const [theirs, ours] = await Promise.all([junitFacts(other), junitFacts(directory)]);
  const unexplained = (facts: readonly string[]) => facts.filter((fact) => !EXPLAINED.some(({ line }) => line.test(fact)));
  expect(unexplained(ours)).toEqual(unexplained(theirs));
  expect(theirs.length, 'and that is a whole report').toBeGreaterThan(100);
});
