import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { MachineStartError } from '../../../harness/provider/start-error.ts';
import { ApiClient, type ApiObject } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';
import type { Fault } from '../../kubevirt/double/context.ts';
import { startDouble, type Double } from '../../kubevirt/double/double.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { stubBackend } from '../../kubevirt/double/stub-backend.ts';
import { GIBIBYTE, progress, provider, request, SHORT_LIMITS, site } from './fixture.ts';

let plane: ControlPlane;
let admin: ApiClient;
let double: Double;

beforeAll(async () => {
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
  double = await startDouble(plane, stubBackend());
  await admin.create('/api/v1/namespaces', { metadata: { name: 'somebody-else', labels: { 'proofgrid.dev/lease': 'not-ours' } } });
});
afterAll(async () => {
  await double?.stop();
  admin?.close();
  await plane?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stderr.write(`${double.problems.slice(-5).join('\n')}\n`);
  expect(await leases(), 'nothing is left').toEqual([]);
  expect(await admin.find('/api/v1/namespaces/somebody-else'), "another's namespace is untouched").toBeDefined();
});

async function leases(): Promise<string[]> {
  const namespaces = await admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/site');
  return namespaces.map(({ metadata }) => metadata.name ?? '');
}

const one = async (kind: 'VirtualMachine' | 'VirtualMachineInstance', name: string) => {
  const [namespace] = await leases();
  return namespace === undefined ? undefined : admin.find(path(kind, namespace, name));
};
const untilRunning = async () =>
  expect.poll(async () => (await one('VirtualMachineInstance', 'm1'))?.['status']?.phase as string | undefined, { timeout: 30_000 }).toBe('Running');

/** Every machine of the next lease has it. */
function everyMachine(fault: Fault): void {
  double.fault('*', '*', fault);
  onTestFinished(() => double.fault('*', '*', undefined));
}

async function failure(work: Promise<unknown>): Promise<MachineStartError> {
  return work.then(
    () => expect.unreachable('it came about all the same'),
    (error: unknown) => error as MachineStartError,
  );
}

describe('a stage that is not reached is named, with what the cluster says, and is an infrastructure error', () => {
  const cases: readonly (readonly [Fault, string, RegExp])[] = [
    ['never-scheduled', 'scheduled', /Insufficient memory/],
    ['claim-pending', 'disk bound', /ProvisioningFailed|Pending/],
    ['import-fails', 'image imported', /manifest unknown/],
    ['no-address', 'address', /no interface of the guest has an address/],
  ];
  test.each(cases)('%s: %s', async (fault, stage, evidence) => {
    everyMachine(fault);
    const error = await failure(provider({ kubeconfig: plane.kubeconfig, limits: SHORT_LIMITS }).acquire(request(2), progress()));
    expect(error).toMatchObject({ code: 'MACHINE_NOT_READY', fault: 'infrastructure', stage });
    expect(`${error.message}\n${error.console}`).toMatch(evidence);
    expect(error.console).toContain('== Events');
  });
});

test('a machine that dies while it is wanted', async () => {
  const acquired = failure(provider({ kubeconfig: plane.kubeconfig }).acquire(request(1), progress()));
  await untilRunning();
  await double.die((await leases())[0] ?? '', 'm1');
  expect(await acquired).toMatchObject({ fault: 'infrastructure', stage: 'running', message: expect.stringContaining('Failed') as string });
});

test('a machine that somebody deletes by hand', async () => {
  const acquired = failure(provider({ kubeconfig: plane.kubeconfig }).acquire(request(1), progress()));
  await untilRunning();
  await admin.delete(path('VirtualMachineInstance', (await leases())[0] ?? '', 'm1'));
  expect(await acquired).toMatchObject({ fault: 'infrastructure', stage: 'running', message: expect.stringContaining('deleted') as string });
});

test('a namespace that somebody deletes by hand', async () => {
  const acquired = failure(provider({ kubeconfig: plane.kubeconfig }).acquire(request(1), progress()));
  await untilRunning();
  await admin.delete(`/api/v1/namespaces/${(await leases())[0] ?? ''}`);
  expect(await acquired).toMatchObject({ fault: 'infrastructure' });
});

test('an interrupted acquisition', async () => {
  const abort = new AbortController();
  const acquired = failure(provider({ kubeconfig: plane.kubeconfig }).acquire(request(2), progress(abort.signal)));
  await untilRunning();
  abort.abort(new Error('asked to stop'));
  expect(await acquired).toMatchObject({ code: 'ACQUIRE_ABORTED', fault: 'interrupted' });
});

test('the API server is restarted while machines come up: watches go on, and nothing is made twice', async () => {
  everyMachine('never-scheduled');
  const said: string[] = [];
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const acquired = failure(provider({ kubeconfig: plane.kubeconfig }).acquire(request(2), progress(abort.signal, said)));
  await expect.poll(async () => (await one('VirtualMachine', 'm1'))?.['status']?.printableStatus as string | undefined, { timeout: 30_000 }).toBe('ErrorUnschedulable');
  await plane.stopApiServer();
  await delay(1500);
  await plane.startApiServer();
  double.fault('*', '*', 'no-address');
  // only a watch that lives again can see this
  await untilRunning();
  const [namespace = ''] = await leases();
  expect((await admin.list(path('VirtualMachine', namespace))).map(({ metadata }) => metadata.name)).toEqual(['m1', 'm2']);
  await double.die(namespace, 'm2');
  expect(await acquired).toMatchObject({ stage: 'running' });
});

describe('capacity', () => {
  const small = { capacity: { cpus: 4, memory: '6Gi' } };
  const waiting = (name: string, machines: number, abort: AbortSignal, said: string[]) =>
    provider({ kubeconfig: plane.kubeconfig, site: site(small) }).acquire(request(machines, { cell: name }), progress(abort, said));

  test('a cell that can never fit says so', async () => {
    const kubevirt = provider({ kubeconfig: plane.kubeconfig, site: site(small) });
    const huge = request(1, { machines: [{ name: 'm1', cpus: 1, memory: 64 * GIBIBYTE, roles: ['worker'] }] });
    expect(await failure(kubevirt.acquire(huge, progress()))).toMatchObject({ code: 'CAPACITY_TOO_SMALL', fault: 'infrastructure' });
  });

  test('two pipelines of which one fits: the other waits whole, with no machine, and goes on when there is room', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const said: string[] = [];
    const one = failure(waiting('first', 2, first.signal, []));
    await untilRunning();
    const two = failure(waiting('second', 2, second.signal, said));
    await expect.poll(() => said.join('\n'), { timeout: 30_000 }).toContain('waits for capacity');
    const namespaces = await admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/cell=second');
    expect(await admin.list(path('VirtualMachine', namespaces[0]?.metadata.name ?? ''))).toEqual([]);
    first.abort(new Error('done'));
    await one;
    const machines = async () => {
      const found: ApiObject[] = await admin.list(path('VirtualMachineInstance', namespaces[0]?.metadata.name ?? ''));
      return found.map((instance) => instance['status']?.phase as string);
    };
    await expect.poll(machines, { timeout: 60_000 }).toEqual(['Running', 'Running']);
    second.abort(new Error('done'));
    await two;
  });
});
