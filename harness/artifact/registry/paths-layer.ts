import { createWriteStream } from 'node:fs';
import { lstat, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { hashFile } from '../cache/manifest.ts';
import type { Layer } from '../image/docker-archive.ts';
import { packTar, type Member } from '../image/tar.ts';
import type { BuildSite } from '../recipe.ts';
import { configurationSchema, type PulledImage } from './pull.ts';

interface Paths {
  readonly links: Readonly<Record<string, string>>;
  readonly files: readonly { readonly path: string; readonly from: string; readonly image: PulledImage }[];
}

/**
 * The image with one more layer, in which the playbooks find what they start where they look for it. Without anything
 * to add it is what upstream published: the same configuration, so the same image id.
 */
export async function withPaths(
  site: BuildSite,
  image: PulledImage,
  { links, files }: Paths,
): Promise<Pick<PulledImage, 'layers' | 'configuration'>> {
  if (Object.keys(links).length + files.length === 0) return image;
  for (const target of Object.values(links)) await findMember(site, image, target);
  const members: Member[] = Object.entries(links).map(([path, target]) => ({
    type: 'link',
    path: path.slice(1),
    target,
  }));
  for (const { path, from, image: other } of files) {
    members.push({ type: 'copy', path: path.slice(1), mode: 0o755, source: await takeFile(site, other, from) });
  }
  const file = join(await mkdtemp(join(site.scratch, 'paths-')), 'layer.tar');
  await pipeline(Readable.from(packTar(members)), createWriteStream(file));
  const layer = { file, sha256: await hashFile(file) };
  return { layers: [...image.layers, layer], configuration: withLayer(image.configuration, layer) };
}

function withLayer(configuration: Buffer, { sha256 }: Layer): Buffer {
  const { rootfs, history, ...others } = configurationSchema.parse(JSON.parse(configuration.toString()));
  return Buffer.from(
    JSON.stringify({
      ...others,
      rootfs: { ...rootfs, diff_ids: [...rootfs.diff_ids, `sha256:${sha256}`] },
      // A date would make equal images differ.
      ...(history !== undefined && {
        history: [...history, { created: '1970-01-01T00:00:00Z', created_by: 'proofgrid' }],
      }),
    }),
  );
}

/** The highest layer that has the path, and its name there: `./a`, `/a` and `a` are the same file. */
async function findMember(
  site: BuildSite,
  { layers, reference }: PulledImage,
  path: string,
): Promise<{ readonly layer: Layer; readonly member: string }> {
  for (const layer of layers.toReversed()) {
    const listed = (await site.run(['tar', '--list', '--file', layer.file])).split('\n');
    const member = listed.find((each) => each.replace(/^\.?\//, '') === path.slice(1));
    if (member !== undefined) return { layer, member };
  }
  throw lacking(reference, path);
}

async function takeFile(site: BuildSite, image: PulledImage, path: string): Promise<string> {
  const { layer, member } = await findMember(site, image, path);
  const directory = await mkdtemp(join(site.scratch, 'taken-'));
  await site.run(['tar', '--extract', '--no-same-owner', '--file', layer.file, '--directory', directory, member]);
  const file = join(directory, path);
  if ((await lstat(file)).isFile()) return file;
  throw lacking(image.reference, path);
}

function lacking(reference: string, path: string): ProofgridError {
  return new ProofgridError({
    code: 'ARTIFACT_IMAGE_WITHOUT_FILE',
    fault: 'infrastructure',
    what: `the image ${reference} has no file ${path}, which the versions file names`,
    remedy: 'look up where this version has it, and say so in images of the versions file',
  });
}
