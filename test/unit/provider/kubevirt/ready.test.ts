import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { cloudInitFinished } from '../../../../harness/provider/kubevirt/ready.ts';

/** A guest whose `cloud-init status` ends so; its shell is this host's, without systemd. */
function guest(cloudInit?: { readonly exitCode: number; readonly says: string }): Parameters<typeof cloudInitFinished>[0] {
  const directory = mkdtempSync(path.join(tmpdir(), 'cloud-init-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  if (cloudInit !== undefined) writeFileSync(path.join(directory, 'cloud-init'), `#!/bin/sh\necho '${cloudInit.says}'\nexit ${cloudInit.exitCode}\n`, { mode: 0o755 });
  return {
    ...{ name: 'm1', address: '192.0.2.1', roles: [] },
    async exec([program = '', flag = '', script = '']) {
      const { exitCode, stdout, stderr } = await execa(program === 'sh' ? '/bin/sh' : program, [flag, script.replace('[ -d /run/systemd/system ] && echo systemd; ', '')], { env: { PATH: `${directory}:/nowhere` }, extendEnv: false, reject: false });
      return { exitCode: exitCode ?? -1, stdout, stderr };
    },
  };
}

test('a guest without cloud-init, and one whose cloud-init has ended without an error, are ready', async () => {
  await expect(cloudInitFinished(guest(), 1000)).resolves.toEqual([]);
  await expect(cloudInitFinished(guest({ exitCode: 0, says: 'status: done' }), 1000)).resolves.toEqual([]);
});

test.each([
  [1, 'status: error'],
  [2, 'extended_status: degraded done'],
])('cloud-init that ends with %i is an error, in its own words', async (exitCode, says) => {
  await expect(cloudInitFinished(guest({ exitCode, says }), 1000)).rejects.toThrow(`cloud-init status says (${exitCode}): ${says}`);
});
