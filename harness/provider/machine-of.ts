import { ProofgridError } from '../../lifecycle/error.ts';
import type { Lease, Machine } from './contract.ts';

/** @throws ProofgridError MACHINE_UNKNOWN */
export function machineOfLease(lease: Lease, name: string): Machine {
  const machine = lease.machines.find((candidate) => candidate.name === name);
  if (machine !== undefined) return machine;
  throw new ProofgridError({
    code: 'MACHINE_UNKNOWN',
    fault: 'usage',
    what: `lease ${lease.id} has no machine ${name}`,
    remedy: `it has ${lease.machines.map((known) => known.name).join(', ')}`,
  });
}
