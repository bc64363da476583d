import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Lease, LeaseRequest } from '../../../harness/provider/contract.ts';
import { processOwner } from '../../../harness/provider/owner.ts';
import { CELL, expectNoTraces, podman, provider, progress, request, withLease } from './fixture.ts';

interface Run {
  readonly child: ChildProcess;
  /** Resolves with the first line that begins like this. */
  readonly line: (beginning: string) => Promise<string>;
  readonly kill: () => Promise<void>;
}

function run(asked: LeaseRequest, ...words: string[]): Run {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ['--import', path('typescript-loader.mjs'), path('owner-process.ts'), JSON.stringify(asked), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(text));
  return {
    child,
    line: async (beginning) => {
      await expect.poll(() => lines.some((text) => text.startsWith(beginning)), { timeout: 240_000, interval: 10 }).toBe(true);
      return lines.find((text) => text.startsWith(beginning)) ?? '';
    },
    kill: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      // An engine command that it was just starting is a copy of it until then, and nobody could tell whose it will be.
      await expect.poll(async () => copiesOf(asked), { timeout: 60_000, interval: 10 }).toEqual([]);
    },
  };
}

/** Processes with the owner's words: itself, and what it has forked and is not yet another program. */
async function copiesOf({ directory }: LeaseRequest): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes('owner-process.ts') && line.includes(directory));
}

async function acquired(owner: Run): Promise<Lease> {
  return JSON.parse((await owner.line('acquired ')).slice('acquired '.length)) as Lease;
}

const reap = async (now = new Date(), dryRun = false) => provider.reap({ dryRun, now });
const LATER = () => new Date(Date.now() + 3_600_000);

test('a killed run is reaped whole; a living one, a foreign container and a foreign network stay', async () => {
  const network = 'proofgrid-foreign-network';
  const container = 'proofgrid-foreign-container';
  await podman('network', 'create', network);
  await podman('create', '--name', container, '--network', network, (await request(1)).image);
  try {
    await withLease(1, async (living) => {
      const owner = run(await request(2, { cell: `${CELL}-killed` }));
      const killed = await acquired(owner);
      expect((await reap()).map(({ id }) => id), 'its owner lives').not.toContain(killed.id);
      expect((await reap(LATER())).map(({ id }) => id), 'its owner lives, only the clock is late').not.toContain(killed.id);
      await owner.kill();
      expect((await reap(new Date(), true)).find(({ id }) => id === killed.id)).toMatchObject({ cell: `${CELL}-killed`, reason: 'orphaned' });
      expect(await provider.find(killed.id, '/nowhere'), 'a dry run removes nothing').toMatchObject({ id: killed.id });

      const reaped = (await reap()).find(({ id }) => id === killed.id);
      expect(reaped?.remaining).toBeUndefined();
      expect(reaped?.resources).toHaveLength(4);
      await expectNoTraces(killed.id, killed.network);
      expect(await reap()).toEqual([]);
      expect(await provider.find(living.id, '/nowhere')).toBeDefined();
    });
    expect(await podman('ps', '--all', '--format', '{{.Names}}')).toContain(container);
    expect(await podman('network', 'ls', '--format', '{{.Name}}')).toContain(network);
  } finally {
    await podman('rm', '--force', '--volumes', container);
    await podman('network', 'rm', network);
  }
});

test.each([50, 150, 300, 500, 800, 1200])('killed %i ms into an acquisition, and reaped at once: nothing is left', async (delay) => {
  const cell = `${CELL}-killed-${delay}`;
  const owner = run(await request(2, { cell }));
  await owner.line('begin');
  await new Promise((resolve) => setTimeout(resolve, delay));
  await owner.kill();
  await reap();
  const filter = ['--quiet', '--filter', `label=dev.proofgrid.cell=${cell}`];
  expect(await podman('ps', '--all', ...filter)).toBe('');
  expect(await podman('network', 'ls', ...filter)).toBe('');
  expect(await podman('volume', 'ls', ...filter)).toBe('');
});

test('reaping all the time does not disturb acquisitions', async () => {
  let going = true;
  const reaper = (async () => {
    while (going) expect((await reap()).filter(({ cell }) => cell === `${CELL}-undisturbed`)).toEqual([]);
  })();
  const acquisitions = Promise.all([1, 2].map(async () => withLease(1, async () => undefined, { cell: `${CELL}-undisturbed` })));
  await Promise.all([acquisitions.finally(() => (going = false)), reaper]);
});

test('a kept lease outlives its run, can be found and taken over, and goes when its time is over', async () => {
  const asked = await request(1, { cell: `${CELL}-kept` });
  const owner = run(asked, 'keep', '600000');
  const lease = await acquired(owner);
  await owner.kill();
  expect((await reap()).map(({ id }) => id)).not.toContain(lease.id);
  const found = await provider.find(lease.id, asked.directory);
  expect(found).toMatchObject({ machines: lease.machines, network: lease.network, cell: `${CELL}-kept` });

  await provider.heartbeat(lease);
  expect((await reap(LATER())).map(({ id }) => id), 'taken over by this living process').not.toContain(lease.id);
  await provider.release(lease);
  await expectNoTraces(lease.id, lease.network);
  await expect(provider.heartbeat(lease)).rejects.toMatchObject({ code: 'LEASE_GONE' });
  expect(await provider.find(lease.id, asked.directory)).toBeUndefined();
  await expect(provider.release(lease), 'released twice').resolves.toBeUndefined();
});

test('expiry: a kept lease whose time is over', async () => {
  const owner = run(await request(1, { cell: `${CELL}-expired` }), 'keep', '600000');
  const lease = await acquired(owner);
  await owner.kill();
  expect((await reap(LATER())).find(({ id }) => id === lease.id)).toMatchObject({ reason: 'expired' });
  await expectNoTraces(lease.id, lease.network);
});

test.each(['pause', 'stop'])('machines in the state after %s are removed like any other', async (verb) => {
  const asked = await request(1, { owner: { ...processOwner('dead'), startTime: '1' } });
  const lease = await provider.acquire(asked, progress());
  await podman(verb, `proofgrid-${lease.id}-m1`);
  expect((await reap()).find(({ id }) => id === lease.id)).toMatchObject({ reason: 'orphaned' });
  await expectNoTraces(lease.id, lease.network);
});

test('incomplete: what an interrupted removal left', async () => {
  const asked = await request(1, { owner: { ...processOwner('dead'), startTime: '1' } });
  const lease = await provider.acquire(asked, progress());
  await podman('rm', '--force', '--time', '0', `proofgrid-${lease.id}-m1`);
  await podman('volume', 'rm', `proofgrid-${lease.id}`);
  expect((await reap()).find(({ id }) => id === lease.id)).toMatchObject({ reason: 'incomplete', resources: [`network/proofgrid-${lease.id}`] });
  await expectNoTraces(lease.id, lease.network);
});

test('what cannot be removed is said, and release fails as a leak', async () => {
  const asked = await request(1);
  const lease = await provider.acquire(asked, progress());
  const squatter = `squatter-${lease.id}`;
  await podman('create', '--name', squatter, '--network', `proofgrid-${lease.id}`, asked.image);
  await expect(provider.release(lease)).rejects.toMatchObject({ code: 'LEASE_LEAKED', fault: 'leaked', message: expect.stringContaining('network/') as string });
  expect(await podman('ps', '--all', '--format', '{{.Names}}'), "somebody else's container is not ours to remove").toContain(squatter);
  await podman('rm', '--force', squatter);
  await provider.release(lease);
  await expectNoTraces(lease.id, lease.network);
});
