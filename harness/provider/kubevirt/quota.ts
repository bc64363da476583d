import { bytes } from '../../matrix/quantity.ts';
import type { CellObjects } from './render.ts';
import { imageOf, type Site } from './site.ts';
import type { Values } from './template.ts';

/** While CDI fills a disk it holds a claim for the target, one that it renames later, and one for scratch. */
const CLAIMS_WHILE_FILLING = 3;
/** virt-launcher, and CDI's worker and KubeVirt's consumer pod for each disk while it is filled. */
const PODS_PER_DISK = 2;

/**
 * CDI asks for 6 % more on file systems, so that the image fits (its filesystemOverhead, 5.5 % before 1.60). Whole MiB.
 */
function withOverhead(size: number): number {
  return Math.ceil((size * 1.1) / 2 ** 20) * 2 ** 20;
}

/** What a cell may have, as quantities. Machines' own limits plus what the site says that KubeVirt needs beside each. */
export function cellQuota({ machines, os }: CellObjects, site: Site): Values {
  const claims = imageOf(site, os).type !== 'container-disk';
  const etcd = machines.filter(({ roles }) => roles.includes('etcd')).length;
  const disks = claims ? machines.length + etcd : 0;
  const [root, etcdDisk] = [bytes(site.storage.root), bytes(site.storage.etcd)];
  const overhead = site.overhead.cpus * machines.length;
  const sum = (of: (machine: CellObjects['machines'][number]) => number) => machines.reduce((total, machine) => total + of(machine), 0);
  return {
    machines: String(machines.length),
    cpus: cpuQuantity(sum(({ cpus }) => cpus) + overhead),
    requestedCpus: cpuQuantity(sum(({ cpus }) => cpus) / site.cpu.overcommit + overhead),
    memory: memoryQuantity(sum(({ memory }) => memory) + bytes(site.overhead.memory) * machines.length),
    storage: claims ? memoryQuantity(CLAIMS_WHILE_FILLING * (withOverhead(root) * machines.length + withOverhead(etcdDisk) * etcd)) : '0',
    claims: String(CLAIMS_WHILE_FILLING * disks),
    pods: String(machines.length + PODS_PER_DISK * disks),
    largestClaim: memoryQuantity(withOverhead(Math.max(root, etcdDisk))),
  };
}

/** Thousandths of a core, rounded up, as Kubernetes counts them. */
export function cpuQuantity(cores: number): string {
  const thousandths = Math.ceil(cores * 1000 - 1e-6);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** Exact: `3Gi`, `2560Mi`, or plain bytes. */
export function memoryQuantity(amount: number): string {
  for (const [suffix, size] of [['Gi', 2 ** 30], ['Mi', 2 ** 20], ['Ki', 2 ** 10]] as const) {
    if (amount > 0 && amount % size === 0) return `${amount / size}${suffix}`;
  }
  return String(Math.ceil(amount));
}
