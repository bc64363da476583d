import { ProofgridError } from '../../../lifecycle/error.ts';
import type { LeaseRequest, Wish } from '../contract.ts';
import type { Demand } from './lease.ts';
import { refuseWithoutVirtualAddress } from './reservation.ts';
import { overheadOf } from './overhead.ts';
import { imageOf, type Site } from './site.ts';

/** RFC 1123 label; KubeVirt names pods and claims after the machine. */
const MACHINE_NAME = /^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/;

/** Refuses what can never work before anything is made. Resolves with the operating system, the key of the site's images. */
export function checkRequest(request: Wish, site: Site): { readonly os: string; readonly demand: Demand } {
  const { machines, seeds, os, cell, virtualAddress, podNetwork } = request;
  const names = machines.map(({ name }) => name);
  const strange = names.find((name, index) => !MACHINE_NAME.test(name) || names.indexOf(name) !== index);
  if (strange !== undefined) throw refused(`the machine name ${JSON.stringify(strange)} is no RFC 1123 label of at most 42 characters, or not unique`, 'correct the topology');
  if (names.length === 0) throw refused('no machine was asked for', 'correct the topology');
  if (os === undefined) throw refused('the request does not say which operating system', 'name it, for the golden image');
  imageOf(site, os);
  if (seeds.length > 0 && site.seeds !== 'baked') {
    throw refused(
      `machines need ${seeds.map(({ target }) => target).join(' and ')}, and nothing of this host can be mounted into a virtual machine`,
      `bake them into the golden images and say so in the site ${site.name} (spec.seeds: baked)`,
    );
  }
  if (request.dualStack === true) {
    throw refused(`the cell ${cell} is dual-stack, and this provider gives machines one address, of the family that the site's network has`, 'run it with --provider container, or choose --set families=ipv4');
  }
  if (isUnroutable(request, site)) {
    throw refused(
      `the cell ${cell} has the network ${podNetwork}, whose pods send from addresses of their own: the pod network of the site ${site.name} carries none but its own pods' between machines, and the cell's network policies drop them`,
      'run it with --set network=vxlan, or on a site with a Multus network',
    );
  }
  if (virtualAddress) refuseWithoutVirtualAddress({ site }, cell);
  return { os, demand: demandOf(machines, site) };
}

/** Networks that route pods' packets between machines as they are. */
const ROUTED: readonly string[] = ['host-gw', 'flannel-host-gw'];

/** Whether packets of the cell's pods would have to pass a network that knows only the machines' own addresses. See docs/decisions/0252. */
export function isUnroutable({ machines, podNetwork = '' }: { readonly machines: readonly object[]; readonly podNetwork?: string | undefined }, { network }: Pick<Site, 'network'>): boolean {
  return network.type === 'bridge' && machines.length > 1 && ROUTED.includes(podNetwork);
}

/** What the cell takes from the cluster: its machines' requests, and what KubeVirt needs beside them. */
export function demandOf(machines: LeaseRequest['machines'], site: Pick<Site, 'cpu' | 'overhead'>): Demand {
  return {
    cpus: machines.reduce((sum, machine) => sum + machine.cpus / site.cpu.overcommit + overheadOf(machine, site).cpus, 0),
    memory: machines.reduce((sum, machine) => sum + machine.memory + overheadOf(machine, site).memory, 0),
  };
}

function refused(what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code: 'LEASE_REQUEST_IMPOSSIBLE', fault: 'usage', what, remedy });
}
