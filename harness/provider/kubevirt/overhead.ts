import { bytes } from '../../matrix/quantity.ts';
import type { SiteImage, Site } from './site.ts';

/** Cores, and bytes of memory. */
export interface Share {
  readonly cpus: number;
  readonly memory: number;
}

const MEBIBYTE = 2 ** 20;
/** virt-launcher, its monitor, virtlogd, virtqemud, QEMU, an I/O thread; an exec probe, which templates of one's own may have; guests whose requests are their limits. */
const FIXED = (25 + 100 + 25 + 40 + 30 + 8 + 110 + 100) * MEBIBYTE;
const PER_CORE = 8 * MEBIBYTE;
/** One byte of page tables for this many of the guest's. */
const PAGE_TABLES = 512;
/** Limits of the containers guest-console-log and, for a container disk, volumeroot. */
const SIDE_CONTAINERS: Share = { cpus: 0.015 + 0.1, memory: 60e6 + 40e6 };

/** Limits and requests of a container of CDI's workers, where the cluster's administrators have not said otherwise. */
const WORKER: Share = { cpus: 0.75, memory: 600e6 };
const WORKER_REQUESTED_CPUS = 0.1;

/**
 * What a machine's pod has beside the machine: what the site says, and never less than KubeVirt adds by its own reckoning,
 * without which the quota would refuse the pod. (KubeVirt: GetMemoryOverhead on amd64, resourcesForSerialConsoleLogContainer
 * and the containers of container disks. A cluster with an additionalGuestMemoryOverheadRatio needs more from the site.)
 */
export function overheadOf({ cpus, memory }: Share, { overhead }: Pick<Site, 'overhead'>): Share {
  const pod = FIXED + PER_CORE * Math.ceil(cpus) + memory / PAGE_TABLES + SIDE_CONTAINERS.memory;
  return {
    cpus: Math.max(overhead.cpus, SIDE_CONTAINERS.cpus),
    memory: Math.max(bytes(overhead.memory), Math.ceil(pod / MEBIBYTE) * MEBIBYTE),
  };
}

/**
 * Limits of CDI's workers while they fill one machine's disks, and the cores that they request: one for each disk, an import
 * by the node's own image cache with two containers. (CDI: defaultCPULimit and its neighbours in pkg/controller/config-controller.go,
 * makeNodeImporterPodSpec in pkg/controller/import-controller.go.)
 */
export function workersOf(disks: number, image: SiteImage): Share & { readonly requestedCpus: number } {
  const containers = disks + (image.type === 'registry' && image.pullMethod === 'node' ? 1 : 0);
  return { cpus: containers * WORKER.cpus, memory: containers * WORKER.memory, requestedCpus: containers * WORKER_REQUESTED_CPUS };
}
