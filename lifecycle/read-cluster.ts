import { access } from 'node:fs/promises';
import path from 'node:path';
import { clusterDeploymentSchema, type ClusterDeployment } from './cluster-deployment.ts';
import { DocumentError, readDocument } from './document.ts';
import type { ProofgridError } from './error.ts';
import type { Path } from './location.ts';

/** Reads a ClusterDeployment with its defaults filled in; paths of manifests count from the document's directory. */
export async function readClusterDeployment(file: string): Promise<ClusterDeployment> {
  const { value, problem } = await readDocument(file, clusterDeploymentSchema);
  const { network, addOns } = value.spec;
  const manifests: { at: Path; named: string }[] = [
    ...(network.manifest === undefined ? [] : [{ at: ['spec', 'network', 'manifest'], named: network.manifest }]),
    ...addOns.map(({ manifest }, index) => ({ at: ['spec', 'addOns', index, 'manifest'], named: manifest })),
  ];
  const directory = path.dirname(path.resolve(file));
  const problems: ProofgridError[] = [];
  for (const { at, named } of manifests) {
    const exists = await access(path.resolve(directory, named)).then(() => true, () => false);
    if (!exists) problems.push(problem(at, 'MANIFEST_MISSING', `there is no file ${named}`, 'name a file, relative to this document'));
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new DocumentError([first, ...others]);
  const resolve = <T extends { manifest?: string | undefined }>(holder: T): T =>
    holder.manifest === undefined ? holder : { ...holder, manifest: path.resolve(directory, holder.manifest) };
  return { ...value, spec: { ...value.spec, network: resolve(network), addOns: addOns.map(resolve) } };
}
