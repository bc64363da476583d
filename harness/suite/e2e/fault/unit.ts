import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

/** Stops a systemd unit on the machines. */
export async function stopUnit(hosts: readonly Host[], unit: string, mend: Mend): Promise<void> {
  for (const host of hosts) {
    mend(() => must(host, ['systemctl', 'start', unit], { limitMs: 90_000 }));
    await crash(host, unit);
  }
}

export async function restartUnit(host: Host, unit: string): Promise<void> {
  await crash(host, unit);
  // A sabotage restarts units oftener than systemd thinks sane; a unit that never failed has nothing to reset.
  await host.exec(['systemctl', 'reset-failed', unit]);
  await must(host, ['systemctl', 'start', unit], { limitMs: 90_000 });
}

/** Faults come without a goodbye, and an API server would take a minute to say it: it waits for its clients to leave. */
async function crash(host: Host, unit: string): Promise<void> {
  await must(host, ['systemctl', 'stop', '--no-block', unit]);
  // Fails when the unit has ended already, which is what is wanted.
  await host.exec(['systemctl', 'kill', '--signal=KILL', unit]);
  await must(host, ['systemctl', 'stop', unit], { limitMs: 90_000 });
}

/** Runs a shell script again and again on a machine, as a program that somebody left behind. systemd reads `$` as its own. */
export async function repeatScript(host: Host, unit: string, script: string, mend: Mend): Promise<void> {
  mend(() => must(host, ['systemctl', 'stop', unit]));
  const loop = `while :; do ${script}; sleep 0.1; done`;
  await must(host, ['systemd-run', '--quiet', '--collect', `--unit=${unit}`, 'sh', '-c', loop.replaceAll('$', '$$$$')]);
}
