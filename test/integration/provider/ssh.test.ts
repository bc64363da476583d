import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { writeInventory } from '../../../harness/machine/inventory.ts';
import { closeSshMasters, sshArguments, sshHost } from '../../../harness/machine/ssh.ts';
import type { Machine } from '../../../harness/provider/contract.ts';
import { controlPath } from '../../../harness/machine/ssh-master.ts';
import { temporary, withLease } from './fixture.ts';

const AWKWARD = ['', ' ', 'a b', "it's", '"', '$HOME', '${x}', '`id`', '$(id)', '\\', '\\n', 'a\nb\n', '*', '~', '-n', '--', 'ü→🙂', ';', '&&', '|', '#', '!', '\t', '\x01'];

/** Processes that hold a machine's shared connection of this process. */
async function masters(machine: Machine): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.startsWith(`ssh: ${controlPath(machine)} `));
}

test('a command over SSH', async () => {
  await withLease(1, async ({ machines: [machine] }) => {
    if (machine === undefined) return expect.fail('no machine');
    const host = sshHost(machine, ['worker']);
    const words = await host.exec(['printf', '%s\\0', ...AWKWARD]);
    expect(words.stdout.split('\0').slice(0, -1), 'every word arrives as it was').toEqual(AWKWARD);
    expect((await host.exec(['cat'], { input: 'a\0b\nü' })).stdout, 'standard input').toBe('a\0b\nü');
    expect(await host.exec(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
    expect(await host.exec(['sh', '-c', 'echo gone >&2; exit 255']), "the command's own 255").toEqual({ exitCode: 255, stdout: '', stderr: 'gone\n' });
    expect((await host.exec(['no-such-program'])).exitCode).toBe(127);
    expect((await host.exec(['exit'])).exitCode, 'a word is never a keyword of the shell').toBe(127);
    expect((await host.exec(['head', '-c', '3000000', '/dev/zero'])).stdout).toHaveLength(3_000_000);

    const many = await Promise.all(Array.from({ length: 30 }, async (_, index) => host.exec(['echo', String(index)])));
    expect(many.map(({ stdout, stderr }) => `${stdout}${stderr}`)).toEqual(many.map((_, index) => `${index}\n`));

    await expect(host.exec(['sleep', '77'], { limitMs: 300 })).rejects.toMatchObject({ code: 'MACHINE_COMMAND_TIMED_OUT', fault: 'timed-out' });
    const sleeping = async () => (await host.exec(['pgrep', '-fx', 'sleep 77'])).exitCode;
    await expect.poll(sleeping, { timeout: 60_000, message: 'it ends on the machine, too' }).toBe(1);

    const abortion = new AbortController();
    const abortable = sshHost(machine, [], { signal: abortion.signal });
    const work = abortable.exec(['sleep', '600']);
    setTimeout(() => abortion.abort(), 200);
    await expect(work).rejects.toMatchObject({ code: 'MACHINE_COMMAND_ABORTED', fault: 'interrupted' });
    await expect(abortable.exec(['true'])).rejects.toMatchObject({ code: 'MACHINE_COMMAND_ABORTED' });

    // before what takes long: an idle connection ends by itself
    expect(await masters(machine), 'killed commands do not take the shared connection along').toHaveLength(1);
    await closeSshMasters([machine]);
    await expect.poll(async () => masters(machine), { timeout: 60_000 }).toEqual([]);

    const plain = await execa('ssh', [...sshArguments(machine), 'hostname']);
    expect(plain.stdout, 'sshArguments alone is enough for a login').toBe('m1');

    const inventory = `${machine.identityFile.replace(/[^/]+$/, '')}inventory.yaml`;
    // Where ansible is called by anybody but the lifecycle runner, a percent sign in the path of a key starts a token of ssh.
    const identityFile = join(temporary('ssh-key'), 'key');
    await symlink(resolve(machine.identityFile), identityFile);
    await writeInventory(inventory, [{ ...machine, identityFile }]);
    const ping = await execa('ansible', ['-i', inventory, 'm1', '-m', 'ping'], { reject: false, env: { ANSIBLE_NOCOLOR: '1', ANSIBLE_PIPELINING: '1' } });
    expect(ping.stdout, ping.stderr).toMatch(/m1 \| SUCCESS/);
  });
});
