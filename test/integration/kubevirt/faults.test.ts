import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { KubevirtProviderOptions } from '../../../harness/provider/kubevirt/provider.ts';
import type { Stage } from '../../../harness/provider/kubevirt/stage.ts';
import type { MachineStartError } from '../../../harness/provider/start-error.ts';
import type { ApiObject } from '../../kubevirt/api-client.ts';
import type { Fault } from '../../kubevirt/double/context.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { stubBackend } from '../../kubevirt/double/stub-backend.ts';
import { kubevirtCluster, LIMIT, quotaRefuses } from './cluster.ts';
import { GIBIBYTE, progress, provider, request, site } from './fixture.ts';
import { until } from './neighbours.ts';
import { patience } from './patience.ts';

const backend = stubBackend();
const cluster = kubevirtCluster({ backend });

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') return;
  expect(await leases(), 'no lease is left').toEqual([]);
  await until('the guests have ended', async () => [...backend.guests.keys()].every((guest) => guest.endsWith('/theirs')));
});

async function leases(cell?: string): Promise<string[]> {
  const namespaces = await cluster.admin.list(`/api/v1/namespaces?labelSelector=proofgrid.dev/site=test,proofgrid.dev/run${cell === undefined ? '' : `,proofgrid.dev/cell=${cell}`}`);
  return namespaces.map(({ metadata }) => metadata.name ?? '');
}

/** What ended acquisitions; whoever waits for one of their machines waits in vain. */
const ended = new Map<string, unknown>();

async function untilCell(cell: string, what: string, attempt: () => Promise<boolean>): Promise<void> {
  await until(`${cell}: ${what}`, async () => {
    if (ended.has(cell)) throw ended.get(cell);
    return attempt();
  });
}

/** The namespace of a cell, as soon as it is there. */
async function namespaceOf(cell: string): Promise<string> {
  let found: string[] = [];
  await untilCell(cell, 'its namespace', async () => (found = await leases(cell)).length === 1);
  return found[0] ?? '';
}

async function untilRunning(cell: string, machine = 'm1'): Promise<string> {
  const namespace = await namespaceOf(cell);
  await untilCell(cell, `${machine} runs`, async () => (await cluster.admin.find(path('VirtualMachineInstance', namespace, machine)))?.['status']?.phase === 'Running');
  return namespace;
}

async function failure(work: Promise<unknown>): Promise<MachineStartError> {
  return work.then(
    () => expect.unreachable('it came about all the same'),
    (error: unknown) => error as MachineStartError,
  );
}

function acquire(cell: string, options: Partial<KubevirtProviderOptions> = {}, machines = ['m1'], signal?: AbortSignal, said: string[] = []): Promise<unknown> {
  const asked = request(0, { cell, machines: machines.map((name) => ({ name, cpus: 1, memory: GIBIBYTE, roles: ['worker'] })) });
  ended.delete(cell);
  const acquired = provider({ kubeconfig: cluster.plane.kubeconfig, limits: patience().limits, ...options }).acquire(asked, progress(signal, said));
  acquired.catch((error: unknown) => ended.set(cell, error));
  return acquired;
}

interface StageCase {
  /** Also the machine's name and its cell's. */
  readonly name: string;
  readonly fault?: Fault;
  readonly stage: Stage;
  /** Events of the namespace have it, or the instance is as far as it will ever come. */
  readonly seen: (events: readonly string[], instance: ApiObject | undefined) => boolean;
  readonly evidence: readonly RegExp[];
}

const CONSOLE = /== Console\nconsole of proofgrid-/;
const running = (_: readonly string[], instance: ApiObject | undefined) => instance?.['status']?.phase === 'Running';

const STAGE_CASES: readonly StageCase[] = [
  { name: 'never-scheduled', fault: 'never-scheduled', stage: 'scheduled', seen: (events) => events.includes('FailedScheduling'), evidence: [/PodScheduled=False Unschedulable .*Insufficient memory/, /Warning Pod\/virt-launcher-\S+ FailedScheduling: .*Insufficient memory/] },
  { name: 'claim-pending', fault: 'claim-pending', stage: 'disk bound', seen: (events) => events.includes('ProvisioningFailed'), evidence: [/== PersistentVolumeClaim root-claim-pending: Pending/, /Warning PersistentVolumeClaim\/root-claim-pending ProvisioningFailed: .*no space left in the pool/] },
  { name: 'import-fails', fault: 'import-fails', stage: 'image imported', seen: (events) => events.includes('Error'), evidence: [/== DataVolume root-import-fails: ImportInProgress, 3 restarts\n.*\n {2}Running=False Error .*manifest unknown/, /Warning DataVolume\/root-import-fails Error: .*manifest unknown/] },
  { name: 'never-starts', fault: 'never-starts', stage: 'running', seen: (events) => events.includes('Failed'), evidence: [/== VirtualMachineInstance never-starts: Schedul/, /Warning Pod\/virt-launcher-\S+ Failed: .*no space left on device/] },
  { name: 'no-address', fault: 'no-address', stage: 'address', seen: running, evidence: [/no interface of the guest has an address/, /== VirtualMachineInstance no-address: Running on /, CONSOLE] },
  { name: 'cloud-init-hangs', fault: 'cloud-init-hangs', stage: 'cloud-init finished', seen: running, evidence: [/is not ready, and its sshd does not answer/, /== Pod virt-launcher-cloud-init-hangs-\S+: Running/, CONSOLE] },
  { name: 'no-sshd', stage: 'ssh login', seen: running, evidence: [/sshd at 239\.20\.\S+ does not answer/, /AgentConnected=True/, CONSOLE] },
];

test('a stage that is not reached is named, with what the cluster says, and is an infrastructure error', async () => {
  const failures = STAGE_CASES.map(async ({ name, fault, stage, seen }) => {
    cluster.double.fault('*', name, fault);
    onTestFinished(() => cluster.double.fault('*', name, undefined));
    const { limits, end } = patience();
    const failed = failure(acquire(name, { limits }, [name]));
    const namespace = await namespaceOf(name);
    const evident = async () => {
      const events = await cluster.admin.list(`/api/v1/namespaces/${namespace}/events`);
      return seen(events.map(({ reason }) => reason as string), await cluster.admin.find(path('VirtualMachineInstance', namespace, name)));
    };
    await untilCell(name, 'the fault shows', evident);
    end(stage);
    return failed;
  });
  const errors = await Promise.all(failures);
  for (const [index, { name, stage, evidence }] of STAGE_CASES.entries()) {
    const error = errors[index] as MachineStartError;
    expect(error, name).toMatchObject({ code: 'MACHINE_NOT_READY', fault: 'infrastructure', stage, machine: name });
    for (const pattern of [...evidence, /== VirtualMachine /, /== Events/]) expect(`${error.message}\n${error.console}`, name).toMatch(pattern);
  }
});

test('what somebody does to a machine or its namespace while it is wanted ends the acquisition at once', async () => {
  const abort = new AbortController();
  const acts: readonly (readonly [string, (namespace: string) => Promise<unknown>, object])[] = [
    ['dies', async (namespace) => cluster.double.die(namespace, 'm1'), { stage: 'running', message: expect.stringContaining('VirtualMachineInstance is Failed') as string, console: expect.stringContaining('The VirtualMachineInstance crashed') as string }],
    ['instance-deleted', async (namespace) => cluster.admin.delete(path('VirtualMachineInstance', namespace, 'm1')), { stage: 'running', message: expect.stringContaining('was deleted') as string, console: expect.stringContaining('== VirtualMachineInstance m1: ') as string }],
    ['machine-deleted', async (namespace) => cluster.admin.delete(path('VirtualMachine', namespace, 'm1')), { stage: 'running', message: expect.stringContaining('was deleted') as string, console: expect.stringContaining('== VirtualMachine m1: ') as string }],
    ['namespace-deleted', async (namespace) => cluster.admin.delete(`/api/v1/namespaces/${namespace}`), {}],
    ['interrupted', async () => abort.abort(new Error('asked to stop')), { code: 'ACQUIRE_ABORTED', fault: 'interrupted' }],
  ];
  await Promise.all(
    acts.map(async ([cell, act, expected]) => {
      const { limits, waitsFor } = patience();
      const failed = failure(acquire(cell, { limits }, ['m1'], cell === 'interrupted' ? abort.signal : undefined));
      const namespace = await untilRunning(cell);
      // whoever has not seen the first instance cannot know the second for another
      await untilCell(cell, 'the acquisition has seen that it runs', async () => waitsFor('ssh login'));
      await act(namespace);
      expect(await failed, cell).toMatchObject({ fault: 'infrastructure', ...expected });
    }),
  );
});

describe('capacity', () => {
  const small = { site: site({ capacity: { cpus: 4, memory: '6Gi' } }) };

  test('a cell that can never fit says so', async () => {
    const huge = request(1, { machines: [{ name: 'm1', cpus: 1, memory: 64 * GIBIBYTE, roles: ['worker'] }] });
    expect(await failure(provider({ kubeconfig: cluster.plane.kubeconfig, ...small }).acquire(huge, progress()))).toMatchObject({ code: 'CAPACITY_TOO_SMALL', fault: 'infrastructure' });
  });

  test('of two pipelines one fits: the other waits whole, with no machine, and goes on when there is room; a third one gives up in time', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const said: string[] = [];
    const one = failure(acquire('first', small, ['m1', 'm2'], first.signal));
    const holder = await untilRunning('first', 'm2');
    const two = failure(acquire('second', small, ['m1', 'm2'], second.signal, said));
    await expect.poll(() => said.join('\n'), LIMIT).toMatch(new RegExp(`waits for capacity behind .*${holder.slice('proofgrid-'.length)}`));
    const waiting = await namespaceOf('second');
    const gaveUp = await failure(acquire('third', { ...small, queueLimitMs: 1 }, ['m1', 'm2']));
    expect(gaveUp).toMatchObject({ code: 'CAPACITY_TIMED_OUT', fault: 'infrastructure', message: expect.stringContaining(holder.slice('proofgrid-'.length)) as string });
    expect(await cluster.admin.list(path('VirtualMachine', waiting))).toEqual([]);
    first.abort(new Error('done'));
    await one;
    await untilRunning('second', 'm1');
    await untilRunning('second', 'm2');
    second.abort(new Error('done'));
    await two;
  });

  test('on a class that waits for its first consumer a worker that a quota refuses is told as it comes, and heals with the quota', async () => {
    const waits = site({ storage: { root: '4Gi', etcd: '1Gi', class: 'csi-waits' } });
    const { limits, end, waitsFor } = patience();
    const said: string[] = [];
    cluster.double.fault('*', 'm1', 'never-scheduled');
    onTestFinished(() => cluster.double.fault('*', 'm1', undefined));
    const failed = failure(acquire('waits', { site: waits, limits }, ['m1'], undefined, said));
    const namespace = await namespaceOf('waits');
    await untilCell('waits', 'its launcher pod is charged before its disk is filled', async () => (await cluster.admin.list(path('Pod', namespace))).length === 1);
    expect((await cluster.admin.get(path('DataVolume', namespace, 'root-m1')))['status']).toMatchObject({ phase: 'PendingPopulation' });
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await cluster.admin.create(quotas, { metadata: { name: 'full' }, spec: { hard: { pods: '1' } } });
    await quotaRefuses(cluster.admin, namespace, 'full');
    cluster.double.fault('*', 'm1', undefined);
    await untilCell('waits', 'the refusal is told', async () => said.some((line) => line.startsWith('machine m1: DataVolume root-m1: ErrExceededQuota: Error starting pod')));
    await cluster.admin.delete(`${quotas}/full`);
    await untilRunning('waits');
    await untilCell('waits', 'its sshd is waited for', async () => waitsFor('ssh login'));
    end('ssh login');
    expect(await failed).toMatchObject({ code: 'MACHINE_NOT_READY', stage: 'ssh login' });
  });

  test('a quota that somebody else has used up is told at once, in the words of the API server', async () => {
    // room for CDI's worker, and not for the machine
    const hard = { 'limits.memory': '1G' };
    cluster.double.fault('*', 'm1', 'claim-pending');
    onTestFinished(() => cluster.double.fault('*', 'm1', undefined));
    const failed = failure(acquire('over-quota'));
    const namespace = await namespaceOf('over-quota');
    await expect.poll(async () => cluster.admin.find(path('VirtualMachine', namespace, 'm1')), LIMIT).toBeDefined();
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await cluster.admin.create(quotas, { metadata: { name: 'used-up' }, spec: { hard } });
    await expect.poll(async () => (await cluster.admin.get(`${quotas}/used-up`))['status']?.hard as object, LIMIT).toEqual(hard);
    await quotaRefuses(cluster.admin, namespace, 'used-up');
    cluster.double.fault('*', 'm1', undefined);
    const error = await failed;
    expect(error).toMatchObject({ code: 'MACHINE_NOT_READY', fault: 'infrastructure', stage: 'scheduled', message: expect.stringContaining('exceeded quota: used-up') as string });
    expect(error.console).toMatch(/Warning VirtualMachineInstance\/m1 FailedCreate: .*exceeded quota: used-up/);
  });
});
