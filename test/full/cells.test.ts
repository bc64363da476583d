import { expect, test } from 'vitest';
import { leasedResources, newDirectory, proofgrid } from '../system/proofgrid.ts';
import { newestOfEachMinor, settable, valuesOf } from './settable.ts';

/** Runs a whole cell, deploy and all checks; nothing may be left of it. */
async function proveCell(topology: string, wanted: readonly string[]): Promise<void> {
  const directory = await newDirectory('cell');
  const set = settable(topology, wanted).flatMap((word) => ['--set', word]);
  const { all, exitCode } = await proofgrid(['run', topology, ...set, '--run-dir', directory]);
  expect(exitCode, all).toBe(0);
  expect(await leasedResources(directory)).toEqual([]);
}

/** Each network meets some minor; a network that is the user's own manifest needs that manifest. */
const networks = valuesOf('network').filter((network) => network !== 'manifest');
const minors = newestOfEachMinor();

test.each(minors.map((kubernetes, index) => [kubernetes, networks[index % networks.length] ?? '']))('small on Kubernetes %s with %s', async (kubernetes, network) => {
  await proveCell('small', [`kubernetes=${kubernetes}`, `network=${network}`]);
});

test.each(valuesOf('os').map((os) => [os]))('small on %s', async (os) => {
  await proveCell('small', [`os=${os}`]);
});

test.each(valuesOf('runtime').filter((runtime) => runtime.startsWith('containerd-')).map((runtime) => [runtime]))('small with %s', async (runtime) => {
  await proveCell('small', [`runtime=${runtime}`]);
});

test.each(valuesOf('etcd').map((etcd) => [etcd]))('all-in-one with etcd %s', async (etcd) => {
  const [, ...newer] = minors;
  // the newest Kubernetes that goes with it
  const kubernetes = [...newer.toReversed(), ...minors].find((each) => possible([`kubernetes=${each}`, `etcd=${etcd}`]));
  expect(kubernetes, 'no Kubernetes goes with it').toBeDefined();
  await proveCell('all-in-one', [`kubernetes=${kubernetes}`, `etcd=${etcd}`]);
});

function possible(wanted: readonly string[]): boolean {
  try {
    return settable('all-in-one', wanted).length > 0;
  } catch {
    return false;
  }
}

test('small with Docker, on the oldest Kubernetes', async () => {
  await proveCell('small', [`kubernetes=${minors[0]}`, 'runtime=docker']);
});
