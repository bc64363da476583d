import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ImageName, ImageSource, RegistryImage } from '../../matrix/images.ts';
import { archiveOf } from '../image/docker-archive.ts';
import { IMAGE_NAMESPACE } from '../image/write-image.ts';
import type { BuildSite, Input, Recipe } from '../recipe.ts';
import { withPaths } from './paths-layer.ts';
import { pullImage, type PulledImage } from './pull.ts';
import { referenceOf } from './skopeo.ts';

/** An image that upstream publishes, in the archive and under the name that it has when it is built here. */
export function pulledImageRecipe(name: ImageName, { version, image, links, files }: ImageSource): Recipe {
  const reference = `${IMAGE_NAMESPACE}/${name}:${version}`;
  const others = Object.entries(files);
  return {
    kind: 'pulled-image',
    name: `the container image ${name} ${version} from ${new URL(image.url).host}`,
    version: 1,
    inputs: {
      reference,
      image: inputOf(image),
      links,
      files: Object.fromEntries(others.map(([path, file]) => [path, { image: inputOf(file.image), path: file.path }])),
    },
    estimateMs: 15_000,
    limitMs: 60 * 60_000,
    async build(site) {
      const pulled = await pull(site, image);
      const taken = await Promise.all(
        others.map(async ([path, file]) => ({ path, from: file.path, image: await pull(site, file.image) })),
      );
      const { layers, configuration } = await withPaths(site, pulled, { links, files: taken });
      const { pack } = archiveOf(reference, layers, configuration);
      site.step('writing the archive');
      await pipeline(Readable.from(pack()), createWriteStream(join(site.output, `${name}.tar`)));
      return {
        [name]: reference,
        version,
        image: referenceOf(image),
        digest: pulled.digest,
        ...(taken.length > 0 && {
          files: taken.map((each) => `${each.path} of ${each.image.reference}@${each.image.digest}`).join(', '),
        }),
      };
    },
  };
}

async function pull(site: BuildSite, image: RegistryImage): Promise<PulledImage> {
  site.step(`pulling ${referenceOf(image)}`);
  return await pullImage(site, image);
}

const inputOf = ({ url, tag, digest }: RegistryImage): Input => ({ url, tag, ...(digest !== undefined && { digest }) });
