import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { RegistryImage } from '../../matrix/images.ts';
import type { Layer } from '../image/docker-archive.ts';
import type { BuildSite } from '../recipe.ts';
import { copyImage, referenceOf, resolveDigest } from './skopeo.ts';

/** An image on disk, as its registry has it. */
export interface PulledImage {
  readonly reference: string;
  /** What the tag stood for. */
  readonly digest: string;
  /** Uncompressed, lowest first. */
  readonly layers: readonly Layer[];
  /** https://github.com/opencontainers/image-spec/blob/main/config.md, byte for byte. */
  readonly configuration: Buffer;
}

const descriptor = z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });
/** Of OCI and of Docker's second schema alike. */
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor).min(1) });
export const configurationSchema = z.looseObject({
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
  history: z.array(z.unknown()).optional(),
});

/** Resolves the tag, then takes what it stands for: a tag that moves meanwhile changes nothing. */
export async function pullImage(site: BuildSite, image: RegistryImage): Promise<PulledImage> {
  const digest = await resolveDigest(site, image);
  const directory = join(await mkdtemp(join(site.scratch, 'pulled-')), 'image');
  await copyImage(site, image, digest, directory);
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')));
  const configuration = await readFile(join(directory, hex(manifest.config.digest)));
  const { rootfs } = configurationSchema.parse(JSON.parse(configuration.toString()));
  const layers = manifest.layers.map((layer) => ({
    file: join(directory, hex(layer.digest)),
    sha256: hex(layer.digest),
  }));
  if (rootfs.diff_ids.join() !== manifest.layers.map((layer) => layer.digest).join()) throw otherLayers(image);
  return { reference: referenceOf(image), digest, layers, configuration };
}

const hex = (digest: string) => digest.replace('sha256:', '');

function otherLayers(image: RegistryImage): ProofgridError {
  return new ProofgridError({
    code: 'ARTIFACT_CHECKSUM_MISMATCH',
    fault: 'infrastructure',
    what: `the layers of ${referenceOf(image)} are not those that its configuration names`,
    remedy: 'the image is damaged: name another tag or registry in the versions file',
  });
}
