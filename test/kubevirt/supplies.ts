import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { imageSeed } from '../../harness/matrix/deployment.ts';
import type { Runtime } from '../../lifecycle/cluster-deployment.ts';
import { defaultCell } from '../default-cell.ts';
import type { ContainerBackendOptions } from './double/container-backend.ts';

/** What a golden image of a virtual machine has baked in, for containers that play them: the cell's image and its seeds. */
export async function suppliesOf(topology: string): Promise<Pick<ContainerBackendOptions, 'image' | 'seeds'>> {
  const progress = { signal: new AbortController().signal, report: () => undefined };
  const wanted = await defaultCell(topology);
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
