import { closeSshMasters } from '../../machine/ssh.ts';
import type { Power } from '../contract.ts';
import { machineOfLease } from '../machine-of.ts';
import type { Engine } from './engine.ts';
import { containerName } from './machine-spec.ts';
import { stage, untilReady } from './ready.ts';

/** Power as a person at the socket has it: everything dies at once, disks stay, /run is empty at the next start. */
export function createPower(engine: () => Promise<Engine>): Power {
  return {
    off: async (lease, name) => {
      const machine = machineOfLease(lease, name);
      await (await engine()).kill(containerName(lease.id, name));
      await closeSshMasters([machine]);
    },
    on: async (lease, name, { signal, report }) => {
      const machine = machineOfLease(lease, name);
      const container = containerName(lease.id, name);
      const current = await engine();
      await stage(current, name, container, 'started', () => current.start(container));
      await untilReady(current, machine, container, signal);
      report(`machine ${name} is on again`);
    },
  };
}
