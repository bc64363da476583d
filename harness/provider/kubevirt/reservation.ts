import { ProofgridError } from '../../../lifecycle/error.ts';
import { blockAddresses, blockCount, type CellAddresses } from './addresses.ts';
import type { Context } from './context.ts';
import { hasStatus } from './kube/error.ts';
import { LABEL, MANAGER } from './names.ts';
import type { KubeObject } from './objects.ts';

/** Addresses that only one lease may have at a time: an object named after them, that can be created once. */
export interface Reserved {
  readonly addresses?: CellAddresses;
  readonly virtualAddress?: string;
}

interface Wanted {
  readonly id: string;
  readonly cell: string;
  readonly machines: readonly string[];
  readonly virtualAddress: boolean;
}

/** @throws ProofgridError ADDRESSES_EXHAUSTED (infrastructure), VIRTUAL_ADDRESS_UNAVAILABLE (usage) */
export async function reserveAddresses(context: Context, wanted: Wanted, signal: AbortSignal): Promise<Reserved> {
  const { network } = context.site;
  if (network.type === 'multus') {
    const names = Array.from({ length: blockCount(network) }, (_, block) => `proofgrid-block-${block}`);
    const addresses = blockAddresses(network, await take(context, wanted, names, signal), wanted.machines);
    return { addresses, ...(wanted.virtualAddress ? { virtualAddress: addresses.virtualAddress } : {}) };
  }
  if (!wanted.virtualAddress) return {};
  const { virtualAddresses = [] } = network;
  const index = await take(context, wanted, virtualAddresses.map((address) => `proofgrid-address-${address}`), signal);
  const virtualAddress = virtualAddresses[index];
  return virtualAddress === undefined ? {} : { virtualAddress };
}

/** Before anything is made: a site without such addresses can never have a cell with several control planes. */
export function refuseWithoutVirtualAddress({ site }: Pick<Context, 'site'>, cell: string): void {
  if (site.network.type !== 'bridge' || site.network.virtualAddresses !== undefined) return;
  throw new ProofgridError({
    code: 'VIRTUAL_ADDRESS_UNAVAILABLE',
    fault: 'usage',
    what: `the cell ${cell} has several control planes and so needs an address that moves between machines, and the site ${site.name} has none on its pod network`,
    remedy: 'list spec.network.virtualAddresses where the pod network is flat, or use a Multus network',
  });
}

async function take({ client, site }: Context, { id, cell }: Wanted, names: readonly string[], signal: AbortSignal): Promise<number> {
  const labels = { [LABEL.managedBy]: MANAGER, [LABEL.lease]: id, [LABEL.cell]: cell, [LABEL.site]: site.name };
  for (const [index, name] of names.entries()) {
    const reservation: KubeObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: site.controlNamespace, labels },
      spec: { holderIdentity: id },
    };
    try {
      await client.create(reservation, signal);
      return index;
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
  }
  throw new ProofgridError({
    code: 'ADDRESSES_EXHAUSTED',
    fault: 'infrastructure',
    what: `all ${names.length} addresses or blocks of addresses of the site ${site.name} are taken`,
    remedy: 'run it again later, run proofgrid reap, or give the site more addresses',
  });
}
