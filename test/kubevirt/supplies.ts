import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { imageSeed } from '../../harness/matrix/deployment.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { selectCells } from '../../harness/matrix/select.ts';
import type { Runtime } from '../../lifecycle/cluster-deployment.ts';
import type { ContainerBackendOptions } from './double/container-backend.ts';

/** What a golden image of a virtual machine has baked in, for containers that play them: the cell's image and its seeds. */
export async function suppliesOf(cell: string): Promise<Pick<ContainerBackendOptions, 'image' | 'seeds'>> {
  const progress = { signal: new AbortController().signal, report: () => undefined };
  const [wanted] = selectCells(await loadMatrix(), { names: [cell], set: [] });
  if (wanted === undefined) throw new Error(`there is no cell ${cell}`);
  const artifacts = createArtifacts();
  const kubernetes = await artifacts.kubernetes(wanted.sources.kubernetes, progress);
  const etcd = await artifacts.etcd(wanted.sources.etcd, progress);
  const images = await artifacts.images(progress);
  const { reference } = await artifacts.machineImage({ os: wanted.axes.os, runtime: wanted.axes.runtime as Runtime, etcd }, progress);
  return {
    image: reference,
    seeds: [
      { source: kubernetes.directory, target: `/opt/seed/kubernetes/${kubernetes.version}` },
      ...Object.values(images).map(imageSeed),
    ],
  };
}
