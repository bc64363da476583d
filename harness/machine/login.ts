import { connect } from 'node:net';
import type { Machine } from '../provider/contract.ts';
import type { Host } from '../suite/check.ts';

/** Milliseconds a connection may take before it is given up. */
const CONNECT_LIMIT = 2000;

/** True when sshd has greeted: before that, a login would only fail slowly. */
export async function greets(machine: Pick<Machine, 'address' | 'port' | 'via'>, limitMs = CONNECT_LIMIT): Promise<boolean> {
  return new Promise((resolve) => {
    const { address: host, port } = machine.via ?? machine;
    const socket = connect({ host, port });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(limitMs, () => end(false));
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/** Waits until systemd is done with its start, and resolves with the units that failed. */
export async function failedUnits(host: Host, limitMs: number): Promise<string[]> {
  const { stdout, stderr } = await host.exec(['systemctl', 'is-system-running', '--wait'], { limitMs });
  const state = stdout.trim();
  if (state === 'running') return [];
  if (state !== 'degraded') throw new Error(`systemd says ${state || stderr.trim() || 'nothing'}`);
  const failed = await host.exec(['systemctl', 'list-units', '--failed', '--plain', '--no-legend', '--no-pager']);
  return failed.stdout.split('\n').map((line) => line.split(' ')[0] ?? '').filter(Boolean);
}
