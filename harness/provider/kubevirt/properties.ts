import type { KubeClient } from './kube/client.ts';
import type { Ready } from './ready.ts';
import type { Site, SiteImage } from './site.ts';

/** Facts about the machines for the report: where they run, and how they are reached. */
export async function leaseProperties(client: KubeClient, site: Site, ready: readonly Ready[], image?: SiteImage): Promise<Record<string, string>> {
  const version = await client.text('GET', '/version').then(versionOf, () => '');
  return {
    site: site.name,
    ...(image === undefined ? {} : { image: imageName(image) }),
    network: site.network.type,
    'kubernetes-version': version,
    ...Object.fromEntries(ready.flatMap(({ machine: { name, via }, failedUnits }) => [
      [`access-${name}`, via === undefined ? 'straight' : 'API server'],
      ...(failedUnits.length > 0 ? [[`failed-units-${name}`, failedUnits.join(' ')]] : []),
    ])),
  };
}

/** What the site's file calls it. */
export function imageName(image: SiteImage): string {
  if (image.type === 'registry') return image.url;
  if (image.type === 'container-disk') return image.image;
  return `${image.type} ${image.namespace}/${image.name}`;
}

export function versionOf(answer: string): string {
  const { gitVersion } = JSON.parse(answer) as { gitVersion?: unknown };
  return typeof gitVersion === 'string' ? gitVersion : '';
}

/** The cell's network as CIDR: the site's, or the smallest that holds the machines where the cluster hands out addresses. */
export function networkOf({ network }: Pick<Site, 'network'>, addresses: readonly string[]): string {
  if (network.type === 'multus') return network.subnet;
  const numbers = addresses.filter((address) => /^\d+(\.\d+){3}$/.test(address)).map((address) => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0));
  const [first] = numbers;
  if (first === undefined || numbers.length < addresses.length) return `${addresses[0] ?? '::'}/128`;
  let length = 32;
  const base = (number: number) => Math.floor(number / 2 ** (32 - length)) * 2 ** (32 - length);
  while (numbers.some((number) => base(number) !== base(first))) length -= 1;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base(first) / 2 ** shift) % 256).join('.')}/${length}`;
}

