import path from 'node:path';
import type { ClusterDeployment } from './cluster-deployment.ts';
import { DocumentError } from './document.ts';
import { ProofgridError } from './error.ts';
import type { Path } from './location.ts';
import { readManifest, type KubernetesObject } from './manifest.ts';

/** The objects of all manifests that a document names. */
export interface ManifestObjects {
  /** Of `spec.network.manifest`. */
  readonly network: readonly KubernetesObject[];
  /** Of `spec.addOns`, in their order. */
  readonly addOns: readonly KubernetesObject[];
}

/**
 * Reads what a document names; paths count from `directory`. Rejects with a `DocumentError` of all mistakes.
 * @param missing the error for a file that cannot be read, at the place that names it
 */
export async function readManifests({ spec: { network, addOns } }: ClusterDeployment, directory: string, missing: (at: Path, file: string, cause: unknown) => ProofgridError = unreadable): Promise<ManifestObjects> {
  const read = async (at: Path, file: string) => {
    try {
      return await readManifest(path.resolve(directory, file));
    } catch (cause) {
      return { objects: [], problems: [missing(at, file, cause)] };
    }
  };
  const ofNetwork = network.manifest === undefined ? { objects: [], problems: [] } : await read(['spec', 'network', 'manifest'], network.manifest);
  const ofAddOns = await Promise.all(addOns.map(({ manifest }, index) => read(['spec', 'addOns', index, 'manifest'], manifest)));
  const [first, ...others] = [ofNetwork, ...ofAddOns].flatMap(({ problems }) => problems);
  if (first !== undefined) throw new DocumentError([first, ...others]);
  return { network: ofNetwork.objects, addOns: ofAddOns.flatMap(({ objects }) => objects) };
}

function unreadable(_at: Path, file: string, cause: unknown): ProofgridError {
  return new ProofgridError({ code: 'MANIFEST_MISSING', fault: 'usage', what: `cannot read the manifest ${file}`, remedy: 'name a file', cause });
}
