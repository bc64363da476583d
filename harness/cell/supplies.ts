import type { AddOnImage, AddOnImageRequest, Artifacts, Binaries, ImageArchive, MachineImage } from '../artifact/contract.ts';
import { addOnImagesOf } from '../matrix/images.ts';
import { ENGINE_COMPONENTS, type Cell, type EngineComponents } from '../matrix/cell.ts';
import type { Progress, Provider } from '../provider/contract.ts';

/** What a cell is made of, before there is a machine. */
export interface Supplies {
  readonly kubernetes: Binaries;
  readonly etcd: Binaries;
  /** Absent where the machine image has the engine. */
  readonly runtime?: Binaries;
  readonly engineComponents: EngineComponents<Binaries>;
  /** Absent where the provider has images of its own. */
  readonly image?: MachineImage;
  readonly images: { readonly pause: ImageArchive; readonly agnhost: ImageArchive; readonly addOns: { readonly [name in AddOnImage]?: ImageArchive } };
}

interface Supplier {
  readonly cell: Cell;
  readonly artifacts: Artifacts;
  readonly provider: Pick<Provider, 'goldenImages'>;
}

/** Everything at once: compilations take turns by a lock of their own, and machine images are made of packages beside them. */
export async function gather({ cell, artifacts, provider }: Supplier, { signal, report }: Progress): Promise<Supplies> {
  const failure = new AbortController();
  const progress = { signal: AbortSignal.any([signal, failure.signal]), report };
  const { runtime: release } = cell.sources;
  const etcd = artifacts.etcd(cell.sources.etcd, progress);
  const image = async () => {
    if (provider.goldenImages) return undefined;
    return artifacts.machineImage({ os: cell.axes.os, ...(release === undefined && { runtime: cell.runtime }), etcd: await etcd }, progress);
  };
  const parts = [
    etcd,
    artifacts.kubernetes(cell.sources.kubernetes, progress),
    release === undefined ? undefined : artifacts.runtime(release, progress),
    engineComponents(cell, artifacts, progress),
    image(),
    artifacts.images(progress, cell.images),
    addOnImages(cell, artifacts, progress),
  ] as const;
  try {
    const [madeEtcd, kubernetes, runtime, components, madeImage, images, addOns] = await Promise.all(parts);
    return {
      kubernetes,
      etcd: madeEtcd,
      ...(runtime !== undefined && { runtime }),
      engineComponents: components,
      ...(madeImage !== undefined && { image: madeImage }),
      images: { ...images, addOns },
    };
  } catch (error) {
    // What one of them lacks, the others are of no use for; they end before this does.
    failure.abort(error);
    await Promise.allSettled(parts);
    throw error;
  }
}

async function engineComponents({ sources }: Cell, artifacts: Artifacts, progress: Progress): Promise<EngineComponents<Binaries>> {
  const made = await Promise.all(ENGINE_COMPONENTS.map(async (name) => {
    const source = sources[name];
    return source === undefined ? [] : [[name, await artifacts.engineComponent(name, source, progress)] as const];
  }));
  return Object.fromEntries(made.flat());
}

async function addOnImages(cell: Cell, artifacts: Artifacts, progress: Progress): Promise<{ readonly [name in AddOnImage]?: ImageArchive }> {
  const wanted = addOnRequests(cell);
  const made = await Promise.all(wanted.map(async (request) => [request.name, await artifacts.addOnImage(request, progress)] as const));
  return Object.fromEntries(made);
}

function addOnRequests({ addOns, images = {} }: Cell): AddOnImageRequest[] {
  return addOnImagesOf(addOns).map((image) => {
    const source = images[image.name];
    return { ...image, ...(source !== undefined && { source }) };
  });
}

/** Said before anything is made: nobody should wonder after ten minutes how many more there are. */
export async function announce({ cell, artifacts, provider }: Supplier, report: Progress['report']): Promise<void> {
  const missing = await artifacts.forecast({
    kubernetes: cell.sources.kubernetes,
    etcd: cell.sources.etcd,
    ...(cell.sources.runtime === undefined ? {} : { runtime: cell.sources.runtime }),
    engineComponents: cell.sources,
    ...(provider.goldenImages ? {} : { machine: { os: cell.axes.os, ...(cell.sources.runtime === undefined && { runtime: cell.runtime }) } }),
    addOns: addOnRequests(cell),
    ...(cell.images !== undefined && { images: cell.images }),
  });
  const minutes = Math.ceil(missing.reduce((sum, { estimateMs }) => sum + estimateMs, 0) / 60_000);
  if (missing.length === 0) return;
  report(`to be made once and kept: ${missing.map(({ name }) => name).join('; ')}; about ${minutes} min on two free cores`);
}

/** Every image that machines are given. */
export function imagesOf({ images: { pause, agnhost, addOns } }: Supplies): ImageArchive[] {
  return [pause, agnhost, ...Object.values(addOns)];
}
