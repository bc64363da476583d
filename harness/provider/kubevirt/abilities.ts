import type { Site } from './site.ts';

/** Why machines cannot be switched off and on at this site; undefined where they can. */
export function missingPower({ name, network, images }: Pick<Site, 'name' | 'network' | 'images'>): string | undefined {
  if (network.type !== 'multus') {
    return `the machines of the site ${name} are on the pod network, where one comes back from a power cut with another address; a Multus network has static ones`;
  }
  const fleeting = Object.entries(images).filter(([, { type }]) => type === 'container-disk').map(([os]) => os);
  if (fleeting.length === 0) return undefined;
  return `the golden images of ${fleeting.join(' and ')} at the site ${name} are container disks, which are gone with the pod; claims, data sources and registry images stay`;
}
