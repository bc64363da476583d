import { clusterDeploymentSchema, type ClusterDeployment, type ClusterDeploymentInput } from '../../lifecycle/cluster-deployment.ts';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Binaries, ImageArchive } from '../artifact/contract.ts';
import type { Lease, Seed } from '../provider/contract.ts';
import type { Cell } from './cell.ts';

export interface DeploymentInput {
  readonly cell: Cell;
  readonly kubernetes: Binaries;
  /** Baked into the machine image at `/opt/etcd/<version>`. */
  readonly etcd: Binaries;
  /** What runtimes need; the images of checks are no part of a cluster, the suites bring them. */
  readonly images: { readonly pause: ImageArchive };
  /** An upstream release of the engine; absent where the machine image has the system's package. */
  readonly runtime?: Binaries;
  /** Where the machines see the Kubernetes binaries, the image archives and, where there is a release of it, the engine. */
  readonly seeds: { readonly kubernetes: Seed; readonly images: Seed; readonly runtime?: Seed };
  readonly lease: Pick<Lease, 'id' | 'virtualAddress'>;
}

/** The document that CI and the operator share, made of a cell and of what was built and leased for it. */
export function toClusterDeployment({ cell, kubernetes, etcd, images, runtime, seeds, lease }: DeploymentInput): ClusterDeployment {
  const document = {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'ClusterDeployment',
    metadata: { name: cell.slug, labels: { 'proofgrid.dev/cell': cell.slug, 'proofgrid.dev/lease': lease.id } },
    spec: {
      kubernetes: {
        version: kubernetes.version,
        binaries: { source: { type: 'directory', path: seeds.kubernetes.target }, sha256: { ...kubernetes.sha256 } },
      },
      etcd: {
        version: etcd.version,
        binaries: { source: { type: 'directory', path: `/opt/etcd/${etcd.version}` }, sha256: { ...etcd.sha256 } },
      },
      runtime: {
        name: cell.runtime,
        ...(runtime !== undefined && seeds.runtime !== undefined && releasedRuntime(runtime, seeds.runtime)),
        images: [seeded(images.pause, seeds.images)],
        pauseImage: images.pause.reference,
      },
      network: {
        plugin: cell.axes.network as ClusterDeploymentInput['spec']['network']['plugin'],
        ...(cell.networkManifest !== undefined && { manifest: cell.networkManifest }),
      },
      dns: { ...cell.dns },
      controlPlane: { endpoint: endpointOf(cell, lease) },
      machines: cell.machines.map(({ name, roles }) => ({ name, roles: [...roles] })),
    },
  } satisfies ClusterDeploymentInput;
  const result = clusterDeploymentSchema.safeParse(document);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new ProofgridError({
    code: 'CELL_NOT_DEPLOYABLE',
    fault: 'usage',
    what: `the cell ${cell.slug} makes no valid ClusterDeployment: ${complaints}`,
    remedy: 'correct the matrix file',
    cause: result.error,
  });
}

function releasedRuntime({ version, sha256 }: Binaries, { target }: Seed) {
  return { version, binaries: { source: { type: 'directory' as const, path: target }, sha256: { ...sha256 } } };
}

function seeded({ reference, directory, file, sha256 }: ImageArchive, seed: Seed) {
  if (directory !== seed.source) throw new Error(`${file} lies in ${directory}, and the machines see ${seed.source} alone`);
  return { reference, path: `${seed.target}/${file}`, sha256 };
}

function endpointOf({ slug, machines }: Cell, { virtualAddress }: Pick<Lease, 'virtualAddress'>): ClusterDeploymentInput['spec']['controlPlane']['endpoint'] {
  if (machines.filter(({ roles }) => roles.includes('control-plane')).length === 1) return { type: 'direct' };
  if (virtualAddress !== undefined) return { type: 'virtual-address', address: virtualAddress };
  throw new ProofgridError({
    code: 'LEASE_WITHOUT_VIRTUAL_ADDRESS',
    fault: 'infrastructure',
    what: `the cell ${slug} has several control planes, and its lease has no virtual address for their endpoint`,
    remedy: 'ask the provider for one when acquiring the lease',
  });
}
