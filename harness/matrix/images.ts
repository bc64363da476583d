import type { AddOnImage, AddOnImageRequest } from '../artifact/contract.ts';
import type { AddOns } from './cell.ts';
import type { ImageRow, ImagesDocument } from './versions/schema.ts';
import type { VersionTable } from './versions/table.ts';

export type ImageName = 'pause' | 'agnhost' | AddOnImage;

/** One tag of a repository in a registry. */
export interface RegistryImage {
  /** `https://registry.k8s.io/coredns/coredns`; http means a registry without TLS. */
  readonly url: string;
  readonly tag: string;
  /** What the tag must stand for: `sha256:…`. */
  readonly digest?: string;
}

/** An image that is pulled, and what makes its paths those that the playbooks start. */
export interface ImageSource {
  readonly version: string;
  readonly image: RegistryImage;
  /** Path → path in the image that it is a link to. */
  readonly links: Readonly<Record<string, string>>;
  /** Path → a file of another image. */
  readonly files: Readonly<Record<string, ImageFile>>;
}

export interface ImageFile {
  readonly image: RegistryImage;
  readonly path: string;
}

/** Those that are pulled; what is missing is built here. */
export type ImageSources = { readonly [name in ImageName]?: ImageSource };

/** The images of a cell's add-ons. */
export function addOnImagesOf({ dns, policy, metrics, storage, flannel }: AddOns): Omit<AddOnImageRequest, 'source'>[] {
  return [
    ...[dns, policy, metrics, storage].flatMap((each) =>
      'version' in each ? [{ name: each.type, version: each.version }] : [],
    ),
    ...(flannel === undefined ? [] : [{ name: 'flannel' as const, version: flannel }]),
  ];
}

/** Where the images of a cell are pulled from; undefined where all of them are built here. */
export function imageSourcesOf({ source, images }: VersionTable, addOns: AddOns): ImageSources | undefined {
  if (source !== 'upstream' || images === undefined) return undefined;
  const { registries = {}, pause, agnhost } = images;
  const wanted = [
    ...(pause === undefined ? [] : [{ name: 'pause' as const, version: pause.version, row: pause }]),
    ...(agnhost === undefined ? [] : [{ name: 'agnhost' as const, version: agnhost.version, row: agnhost }]),
    ...addOnImagesOf(addOns).map(({ name, version }) => ({ name, version, row: images[name] })),
  ];
  return Object.fromEntries(
    wanted.flatMap(({ name, version, row }) => (row === undefined ? [] : [[name, sourceOf(row, version, registries)]])),
  );
}

/** Addresses of every repository that the versions file names. */
export function imageAddresses({ images: { registries = {}, ...rows } = {} }: Pick<VersionTable, 'images'>): string[] {
  return Object.values(rows).flatMap((row) => {
    if (row === undefined) return [];
    const { image, files } = sourceOf(row, '', registries);
    return [image.url, ...Object.values(files).map((file) => file.image.url)];
  });
}

function sourceOf({ links = {}, files = {}, ...row }: ImageRow, version: string, registries: Registries): ImageSource {
  const taken = Object.entries(files).map(
    ([path, { path: from, ...other }]) =>
      [path, { path: from, image: registryImage(other, version, registries) }] as const,
  );
  return { version, image: registryImage(row, version, registries), links, files: Object.fromEntries(taken) };
}

type Registries = NonNullable<ImagesDocument['registries']>;

function registryImage(
  { image, tag: template = '{version}', digests = {} }: Pick<ImageRow, 'image' | 'tag' | 'digests'>,
  version: string,
  registries: Registries,
): RegistryImage {
  const registry = registryOf(image);
  const tag = template.replaceAll('{version}', version);
  const digest = Object.hasOwn(digests, tag) ? digests[tag] : undefined;
  const base = registries[registry]?.replace(/\/+$/, '') ?? `https://${registry}`;
  return { url: `${base}${image.slice(registry.length)}`, tag, ...(digest !== undefined && { digest }) };
}

/** `registry.k8s.io` of `registry.k8s.io/pause`. */
export const registryOf = (image: string): string => image.split('/', 1)[0] ?? image;
