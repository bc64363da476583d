import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { gather, imagesOf } from '../../harness/cell/supplies.ts';
import { imageSeed } from '../../harness/matrix/deployment.ts';
import { defaultCell } from '../default-cell.ts';
import type { ContainerBackendOptions } from './double/container-backend.ts';

/** What a golden image of a virtual machine has baked in, for containers that play them: the default cell's image and its seeds. */
export async function suppliesOf(topology: string): Promise<Pick<ContainerBackendOptions, 'image' | 'seeds'>> {
  const progress = { signal: new AbortController().signal, report: () => undefined };
  const supplies = await gather({ cell: await defaultCell(topology), artifacts: createArtifacts(), provider: {} }, progress);
  const { image, kubernetes } = supplies;
  if (image === undefined) throw new Error('no machine image was made');
  return {
    image: image.reference,
    seeds: [{ source: kubernetes.directory, target: `/opt/seed/kubernetes/${kubernetes.version}` }, ...imagesOf(supplies).map(imageSeed)],
  };
}
