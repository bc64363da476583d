import type { Lease } from '../contract.ts';
import type { Context } from './context.ts';
import { claimOf, machinesOf } from './disks.ts';
import { hasStatus, KubeError } from './kube/error.ts';
import type { VirtualMachine } from './objects.ts';
import type { Site } from './site.ts';
import { SNAPSHOT_LIMIT, snapshotOf } from './snapshot.ts';

/** Why machines cannot be switched off and on at this site; undefined where they can. */
export function missingPower({ name, network, images }: Pick<Site, 'name' | 'network' | 'images'>): string | undefined {
  if (network.type !== 'multus') {
    return `the machines of the site ${name} are on the pod network, where one comes back from a power cut with another address; a Multus network has static ones`;
  }
  const fleeting = Object.entries(images).filter(([, { type }]) => type === 'container-disk').map(([os]) => os);
  if (fleeting.length === 0) return undefined;
  return `the golden images of ${fleeting.join(' and ')} at the site ${name} are container disks, which are gone with the pod; claims, data sources and registry images stay`;
}

const SNAPSHOTS = '/apis/snapshot.kubevirt.io/v1beta1';

/**
 * Why this lease can have no checkpoints; undefined when it can. Nothing is changed: KubeVirt says of each volume whether it
 * can be snapshotted, and its admission says in a dry run whether it would take a snapshot (the feature gate Snapshot).
 */
export async function missingCheckpoints({ client, site }: Pick<Context, 'client' | 'site'>, lease: Lease): Promise<string | undefined> {
  const power = missingPower(site);
  if (power !== undefined) return `checkpoints cut machines off and start them again: ${power}`;
  const kinds = await client.text('GET', SNAPSHOTS).then(kindsOf, unless<string[]>(404, []));
  const absent = ['VirtualMachineSnapshot', 'VirtualMachineRestore'].filter((kind) => !kinds.includes(kind));
  if (absent.length > 0) return `the cluster has no ${absent.join(' and no ')} (snapshot.kubevirt.io/v1beta1), which KubeVirt brings since 1.3`;
  const unfit = (await machinesOf(client, lease)).flatMap(unfitVolumes);
  if (unfit.length > 0) return unfit.join('; ');
  const [first] = lease.machines;
  if (first === undefined) return 'the lease has no machine';
  const trial = snapshotOf(lease, 'trial', first.name, SNAPSHOT_LIMIT);
  return client.apply(trial, undefined, { dryRun: true }).then(() => undefined, (error: unknown) => {
    if (!(error instanceof KubeError) || error.status === undefined || error.status >= 500) throw error;
    return `KubeVirt would refuse a snapshot: ${error.failure.message}`;
  });
}

/** Volumes with a machine's state that a snapshot would not have. What cloud-init brings is the same again at every start. */
function unfitVolumes({ metadata: { name }, spec, status }: VirtualMachine): string[] {
  const volumes = spec.template.spec.volumes?.filter(({ cloudInitNoCloud }) => cloudInitNoCloud === undefined) ?? [];
  return volumes.flatMap((volume) => {
    if (claimOf(volume) === undefined) return [`volume ${volume.name} of ${name} is no claim`];
    const said = status?.volumeSnapshotStatuses?.find((each) => each.name === volume.name);
    if (said?.enabled === true) return [];
    return [`volume ${volume.name} of ${name}: ${said === undefined ? 'KubeVirt does not say that it can be snapshotted' : (said.reason ?? 'KubeVirt cannot snapshot it')}`];
  });
}

function kindsOf(answer: string): string[] {
  const { resources = [] } = JSON.parse(answer) as { resources?: { kind?: string }[] };
  return resources.flatMap(({ kind }) => kind ?? []);
}

function unless<T>(status: number, instead: T): (error: unknown) => T {
  return (error) => {
    if (hasStatus(error, status)) return instead;
    throw error;
  };
}
