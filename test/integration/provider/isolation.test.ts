import { expect, test } from 'vitest';
import { sshHost } from '../../../harness/machine/ssh.ts';
import type { Machine } from '../../../harness/provider/contract.ts';
import { withLease } from './fixture.ts';

/** Tries a TCP connection from one machine to another's SSH port, for so many seconds. */
async function reaches(from: Machine | undefined, to: Machine | undefined, seconds: number): Promise<boolean> {
  if (from === undefined || to === undefined) return expect.fail('no machine');
  const probe = ['timeout', String(seconds), 'bash', '-c', 'exec 3<>"/dev/tcp/$0/22" && head -c 4 <&3', to.address];
  const { stdout } = await sshHost(from, []).exec(probe);
  return stdout === 'SSH-';
}

test('machines of one cell reach each other, those of another cell do not', async () => {
  await withLease(2, async ({ machines: [first, second] }) => {
    await withLease(1, async ({ machines: [foreign] }) => {
      // netavark forgets the isolation of all networks when one goes
      await withLease(1, () => Promise.resolve());
      expect(await reaches(first, second, 50)).toBe(true);
      expect(await reaches(first, foreign, 5)).toBe(false);
      expect(await reaches(foreign, second, 5)).toBe(false);
    });
  });
});

test('concurrent leases get networks of their own', async () => {
  const networks = await Promise.all([1, 2, 3].map(async () => withLease(1, async ({ network }) => network)));
  expect(new Set(networks).size).toBe(3);
});
