import type { Problem } from '../../matrix/problem.ts';
import { blockCount, toNumber, within } from './addresses.ts';
import type { SiteDocument } from './site.ts';

/** Why cells cannot have it; the same words for a site and for a template. */
export const MASQUERADE_REFUSED = {
  code: 'KUBEVIRT_MASQUERADE',
  what: 'masquerade gives every guest one and the same address, so the machines of a cluster could not reach each other',
  remedy: 'use bridge on the pod network, or a Multus network with static addresses',
} as const;

/** What no schema can hold. */
export function siteProblems({ metadata, spec }: SiteDocument): Problem[] {
  return [...networkProblems(spec.network), ...imageProblems(spec.images), ...nameProblems(metadata.name, spec.namespace)];
}

function networkProblems(network: SiteDocument['spec']['network']): Problem[] {
  const path = ['spec', 'network'];
  if (network.type === 'masquerade') return [{ path: [...path, 'type'], ...MASQUERADE_REFUSED }];
  if (network.type === 'bridge') return [];
  const { subnet, first, last, block, gateway } = network;
  const outside = Object.entries({ first, last, ...(gateway !== undefined && { gateway }) }).filter(([, address]) => !within(address, subnet));
  const problems: Problem[] = outside.map(([key, address]) => ({
    path: [...path, key],
    code: 'SITE_ADDRESS_OUTSIDE',
    what: `${address} is not in the subnet ${subnet}`,
    remedy: 'choose an address of the subnet',
  }));
  if (blockCount(network) === 0) {
    problems.push({ path: [...path, 'last'], code: 'SITE_NO_BLOCK', what: `from ${first} to ${last} there is no room for a block of ${block} addresses`, remedy: 'widen the range, or make the block smaller' });
  }
  if (gateway !== undefined && toNumber(gateway) >= toNumber(first) && toNumber(gateway) <= toNumber(last)) {
    problems.push({ path: [...path, 'gateway'], code: 'SITE_GATEWAY_IN_RANGE', what: `the gateway ${gateway} lies among the addresses of machines`, remedy: 'leave it out of the range first to last' });
  }
  return problems;
}

function imageProblems(images: SiteDocument['spec']['images']): Problem[] {
  if (Object.keys(images).length > 0) return [];
  return [{ path: ['spec', 'images'], code: 'SITE_WITHOUT_IMAGE', what: 'the site has no golden image', remedy: 'add one for each operating system' }];
}

/** Namespaces are found, judged and reaped by our labels; a site that set one of them could take another's. */
function nameProblems(name: string, namespace: SiteDocument['spec']['namespace']): Problem[] {
  return (['labels', 'annotations'] as const).flatMap((kind) =>
    Object.keys(namespace[kind] ?? {})
      .filter((key) => key.split('/')[0]?.endsWith('proofgrid.dev') === true)
      .map((key) => ({
        path: ['spec', 'namespace', kind, key],
        code: 'SITE_RESERVED_KEY',
        what: `the site ${name} sets ${key}, by which leases are told apart`,
        remedy: 'use another key',
      })));
}
