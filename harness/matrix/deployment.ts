import { clusterDeploymentSchema, type ClusterDeployment, type ClusterDeploymentInput } from '../../lifecycle/cluster-deployment.ts';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { AddOnImage, Binaries, ImageArchive } from '../artifact/contract.ts';
import type { Lease, Seed } from '../provider/contract.ts';
import type { AddOn, Cell, EngineComponents } from './cell.ts';

export interface DeploymentInput {
  readonly cell: Cell;
  readonly kubernetes: Binaries;
  /** Baked into the machine image at `/opt/etcd/<version>`. */
  readonly etcd: Binaries;
  /** What runtimes and add-ons need; the images of checks are no part of a cluster, the suites bring them. */
  readonly images: { readonly pause: ImageArchive; readonly addOns: { readonly [name in AddOnImage]?: ImageArchive } };
  /** An upstream release of the engine; absent where the machine image has the system's package. */
  readonly runtime?: Binaries;
  readonly engineComponents: EngineComponents<Binaries>;
  /** Where the machines see the Kubernetes binaries and, where there is a release of it, the engine and what goes with it. */
  readonly seeds: { readonly kubernetes: Seed; readonly runtime?: Seed; readonly engineComponents: EngineComponents<Seed> };
  readonly lease: Pick<Lease, 'id' | 'virtualAddress'>;
}

/** The document that CI and the operator share, made of a cell and of what was built and leased for it. */
export function toClusterDeployment({ cell, kubernetes, etcd, images, runtime, engineComponents, seeds, lease }: DeploymentInput): ClusterDeployment {
  const crictl = released(engineComponents.crictl, seeds.engineComponents.crictl);
  const plugins = released(engineComponents['cni-plugins'], seeds.engineComponents['cni-plugins']);
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
        ...released(runtime, seeds.runtime),
        ...(crictl !== undefined && { crictl }),
        images: [images.pause, ...Object.values(images.addOns)].map(seeded),
        pauseImage: images.pause.reference,
      },
      network: {
        plugin: cell.axes.network as ClusterDeploymentInput['spec']['network']['plugin'],
        ...(cell.axes.families === 'dual-stack' && DUAL_STACK),
        proxyMode: cell.axes.proxy as ClusterDeploymentInput['spec']['network']['proxyMode'],
        ...(cell.networkManifest !== undefined && { manifest: cell.networkManifest }),
        ...(plugins !== undefined && { plugins }),
        ...(images.addOns.flannel !== undefined && { image: images.addOns.flannel.reference }),
        policy: addOn(cell.addOns.policy, images.addOns['kube-router']),
      },
      dns: dnsOf(cell, images.addOns.coredns),
      metrics: addOn(cell.addOns.metrics, images.addOns['metrics-server']),
      storage: addOn(cell.addOns.storage, images.addOns['local-volumes']),
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

/** The IPv4 networks of every other cell, and beside them IPv6 ones of the cluster's own (RFC 4193). */
const DUAL_STACK = { podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/16,fd00:10:96::/112' };

function released(binaries: Binaries | undefined, seed: Seed | undefined) {
  if (binaries === undefined || seed === undefined) return undefined;
  return { version: binaries.version, binaries: { source: { type: 'directory' as const, path: seed.target }, sha256: { ...binaries.sha256 } } };
}

/** Where the machines see an image's archive. */
export const imageSeed = ({ name, directory }: ImageArchive): Seed => ({ source: directory, target: `/opt/seed/images/${name}` });

/** The archive as a machine finds it. */
export function seeded(image: ImageArchive): { reference: string; path: string; sha256: string } {
  return { reference: image.reference, path: `${imageSeed(image).target}/${image.file}`, sha256: image.sha256 };
}

/** What the document says of an add-on: its image, whoever made that, or why there is none. */
function addOn<Type extends string>(
  wanted: AddOn<Type> | { readonly type: Type; readonly image: string },
  built: ImageArchive | undefined,
): { type: Type; image: string } | { type: 'none'; reason: string } {
  if ('reason' in wanted) return { ...wanted };
  if ('image' in wanted) return { ...wanted };
  if (built === undefined) throw new Error(`no image of ${wanted.type} was made`);
  return { type: wanted.type, image: built.reference };
}

/** Checks serve this zone from inside the cluster; `.test` is nobody's (RFC 6761). */
const CHECKED_ZONE = 'proofgrid.test';
/** Of the default service network, from the part that is never allocated to a service that asks for no address. */
const CHECKED_ZONE_SERVER = '10.96.0.53';

/** With a resolver of ours, so that a check can prove how names of other zones are resolved. */
function dnsOf({ addOns }: Cell, built: ImageArchive | undefined): ClusterDeploymentInput['spec']['dns'] {
  const dns = addOn(addOns.dns, built);
  return dns.type === 'none' ? dns : { ...dns, stubDomains: { [CHECKED_ZONE]: [CHECKED_ZONE_SERVER] } };
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
