import { bytes } from '../../matrix/quantity.ts';
import { overheadOf, workersOf } from './overhead.ts';
import type { CellMachine, CellObjects } from './render.ts';
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

/**
 * What a cell may have, as quantities: of each machine the machine with KubeVirt's overhead, and CDI's workers beside it.
 * With a class that waits for its first consumer, virt-controller makes the launcher pod while the disks are still empty
 * (IsSucceededOrPendingPopulation, containerized-data-importer-api utils.go; VolumeReadyToAttachToNode, pkg/storage/types/pvc.go),
 * and the workers start only when that pod has a node (claimReadyForPopulation, pkg/controller/populators/util.go). Disks that
 * are bound at once are filled before there is a launcher pod. See docs/decisions/0250.
 */
export function cellQuota({ machines, os }: CellObjects, site: Site): Values {
  const image = imageOf(site, os);
  const claims = image.type !== 'container-disk';
  const etcd = machines.filter(({ roles }) => roles.includes('etcd')).length;
  const disks = claims ? machines.length + etcd : 0;
  const [root, etcdDisk] = [bytes(site.storage.root), bytes(site.storage.etcd)];
  const sum = (of: (machine: CellMachine) => number) => machines.reduce((total, machine) => total + of(machine), 0);
  const overhead = (machine: CellMachine) => overheadOf(machine, site);
  const workers = ({ roles }: CellMachine) => workersOf(claims ? 1 + Number(roles.includes('etcd')) : 0, image);
  const atOnce = (machine: number, working: number) => (site.storage.bindImmediately ? Math.max(machine, working) : machine + working);
  return {
    machines: String(machines.length),
    cpus: cpuQuantity(sum((machine) => atOnce(machine.cpus + overhead(machine).cpus, workers(machine).cpus))),
    requestedCpus: cpuQuantity(sum((machine) => atOnce(machine.cpus / site.cpu.overcommit + overhead(machine).cpus, workers(machine).requestedCpus))),
    memory: memoryQuantity(sum((machine) => atOnce(machine.memory + overhead(machine).memory, workers(machine).memory))),
    storage: claims ? memoryQuantity(CLAIMS_WHILE_FILLING * (withOverhead(root) * machines.length + withOverhead(etcdDisk) * etcd)) : '0',
    claims: String(CLAIMS_WHILE_FILLING * disks),
    pods: String(machines.length + PODS_PER_DISK * disks),
    // CDI's upload server, into which a disk is cloned that the storage cannot clone by itself, is reached by a service
    services: String(disks),
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
