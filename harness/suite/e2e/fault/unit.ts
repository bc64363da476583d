import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

/** Stops a systemd unit on the machines. */
export async function stopUnit(hosts: readonly Host[], unit: string, mend: Mend): Promise<void> {
  for (const host of hosts) {
    mend(() => must(host, ['systemctl', 'start', unit]));
    await must(host, ['systemctl', 'stop', unit]);
  }
}

/** Clears systemd's start limit first: a sabotage restarts units oftener than systemd thinks sane. */
export async function restartUnit(host: Host, unit: string): Promise<void> {
  await must(host, ['systemctl', 'reset-failed', unit]);
  await must(host, ['systemctl', 'restart', unit], { limitMs: 90_000 });
}
