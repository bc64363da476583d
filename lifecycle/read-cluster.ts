import path from 'node:path';
import { clusterDeploymentSchema, type ClusterDeployment } from './cluster-deployment.ts';
import { readDocument } from './document.ts';
import { readManifests } from './manifests.ts';

/** Reads a ClusterDeployment with its defaults filled in, and its manifests, whose paths count from the document's directory. */
export async function readClusterDeployment(file: string): Promise<ClusterDeployment> {
  const { value, problem } = await readDocument(file, clusterDeploymentSchema);
  const directory = path.dirname(path.resolve(file));
  await readManifests(value, directory, (at, named) => problem(at, 'MANIFEST_MISSING', `there is no file ${named}`, 'name a file, relative to this document'));
  const { network, addOns } = value.spec;
  const resolve = <T extends { manifest?: string | undefined }>(holder: T): T =>
    holder.manifest === undefined ? holder : { ...holder, manifest: path.resolve(directory, holder.manifest) };
  return { ...value, spec: { ...value.spec, network: resolve(network), addOns: addOns.map(resolve) } };
}
