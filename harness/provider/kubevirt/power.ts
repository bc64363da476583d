import { ProofgridError } from '../../../lifecycle/error.ts';
import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, Machine, Power } from '../contract.ts';
import { waitFor } from '../wait.ts';
import { watchCell } from './cell-view.ts';
import type { Context } from './context.ts';
import { namespaceOf } from './names.ts';
import type { RunStrategy, VirtualMachineInstance } from './objects.ts';
import { untilReady } from './ready.ts';

/** Milliseconds: no grace is given, so KubeVirt needs them for itself alone. */
const OFF_LIMIT = 60_000;

/**
 * Power as a person at the socket has it: the instance is ended without grace and made anew; disks stay. Only for sites
 * with static addresses: on the pod network a machine comes back with another one.
 * @param powerless `<lease>/<machine>` of those that are off on purpose
 */
export function createPower(context: () => Promise<Context>, powerless: Set<string>): Power {
  return {
    async off(lease, name) {
      const machine = machineOf(lease, name);
      const current = await context();
      const place = { namespace: namespaceOf(lease.id), name };
      powerless.add(`${lease.id}/${name}`);
      await setStrategy(current, lease, name, 'Halted');
      await waitFor({ name: `power of ${name} off`, limitMs: OFF_LIMIT, intervalMs: 250 }, async () => {
        const found = await current.client.get<VirtualMachineInstance>({ kind: 'VirtualMachineInstance', ...place });
        return found === undefined ? true : undefined;
      });
      await closeSshMasters([machine]);
    },
    async on(lease, name, { signal, report }) {
      const machine = machineOf(lease, name);
      const current = await context();
      await setStrategy(current, lease, name, 'Once');
      const watching = new AbortController();
      const view = await watchCell(current.client, namespaceOf(lease.id), AbortSignal.any([signal, watching.signal]));
      const same = async (address: string): Promise<Machine> => {
        if (address === machine.address) return machine;
        throw new Error(`it came back with the address ${address} instead of ${machine.address}`);
      };
      try {
        await untilReady(current, view, { id: lease.id, name, dataVolumes: [], machine: same }, signal);
      } finally {
        watching.abort();
      }
      powerless.delete(`${lease.id}/${name}`);
      report(`machine ${name} is on again`);
    },
  };
}

async function setStrategy({ client }: Context, lease: Lease, name: string, runStrategy: RunStrategy): Promise<void> {
  const place = { kind: 'VirtualMachine', namespace: namespaceOf(lease.id), name } as const;
  if ((await client.merge(place, { spec: { runStrategy } })) !== undefined) return;
  throw unknown(lease, name);
}

function machineOf(lease: Lease, name: string): Machine {
  const machine = lease.machines.find((candidate) => candidate.name === name);
  if (machine === undefined) throw unknown(lease, name);
  return machine;
}

function unknown(lease: Lease, name: string): ProofgridError {
  return new ProofgridError({
    code: 'MACHINE_UNKNOWN',
    fault: 'usage',
    what: `lease ${lease.id} has no machine ${name}`,
    remedy: `it has ${lease.machines.map((known) => known.name).join(', ')}`,
  });
}
