import { BlockList } from 'node:net';
import type { Problem } from '../../matrix/problem.ts';
import { blockCount, toNumber, within } from './addresses.ts';
import type { SiteDocument } from './site.ts';
import { LABEL_VALUE } from './syntax.ts';

/** Why cells cannot have it; the same words for a site and for a template. */
export const MASQUERADE_REFUSED = {
  code: 'KUBEVIRT_MASQUERADE',
  what: 'masquerade gives every guest one and the same address, so the machines of a cluster could not reach each other',
  remedy: 'use bridge on the pod network, or a Multus network with static addresses',
} as const;

/** What no schema can hold. */
export function siteProblems({ metadata, spec }: SiteDocument): Problem[] {
  return [
    ...networkProblems(spec.network),
    ...imageProblems(spec.images),
    ...nameProblems(metadata.name, spec.namespace),
    ...securityProblems(spec.namespace.labels),
    ...tolerationProblems(spec.scheduling.tolerations),
    ...egressProblems(spec.egress),
  ];
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
  if (Object.keys(images).length > 0) {
    return Object.entries(images).flatMap(([os, image]): Problem[] =>
      image.type === 'registry' && image.pullMethod === 'node' && !image.url.startsWith('docker://')
        ? [{ path: ['spec', 'images', os, 'url'], code: 'SITE_IMAGE_NOT_PULLABLE', what: `a node pulls images, and ${image.url} is an archive`, remedy: 'use pullMethod: pod, or docker://' }]
        : []);
  }
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

const LEVELS = ['privileged', 'baseline', 'restricted'];

/** Kubernetes refuses namespaces with other levels. https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
function securityProblems(labels: SiteDocument['spec']['namespace']['labels'] = {}): Problem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    if (!/^pod-security\.kubernetes\.io\/(enforce|audit|warn)$/.test(key) || LEVELS.includes(value)) return [];
    return [{ path: ['spec', 'namespace', 'labels', key], code: 'SITE_POD_SECURITY', what: `there is no level ${JSON.stringify(value)} of pod security`, remedy: `use one of ${LEVELS.join(', ')}` }];
  });
}

/** KubeVirt takes them unseen, and Kubernetes refuses every pod that has them. (validateTolerations in pkg/apis/core/validation) */
function tolerationProblems(tolerations: SiteDocument['spec']['scheduling']['tolerations'] = []): Problem[] {
  return tolerations.flatMap(({ key, operator = 'Equal', value = '', effect, tolerationSeconds }, index) => {
    const problem = (field: string, what: string, remedy: string): Problem => ({ path: ['spec', 'scheduling', 'tolerations', index, field], code: 'SITE_TOLERATION', what, remedy });
    return [
      ...(key === undefined && operator !== 'Exists' ? [problem('operator', 'a toleration without a key is for all taints, which only the operator Exists can say', 'name a key, or say operator: Exists')] : []),
      ...(operator === 'Exists' && value !== '' ? [problem('value', 'the operator Exists asks for no value', 'leave the value out, or say operator: Equal')] : []),
      ...(operator === 'Equal' && !LABEL_VALUE.test(value) ? [problem('value', `${JSON.stringify(value)} cannot be the value of a taint`, 'use at most 63 letters, digits, dots, hyphens and underscores')] : []),
      ...(tolerationSeconds !== undefined && effect !== 'NoExecute' ? [problem('tolerationSeconds', 'seconds belong to the effect NoExecute alone', 'say effect: NoExecute, or leave them out')] : []),
    ];
  });
}

/** Kubernetes refuses the policy otherwise: what is excepted lies within, and is smaller. (ValidateIPBlock) */
function egressProblems(egress: SiteDocument['spec']['egress']): Problem[] {
  return egress.flatMap(({ cidr, except = [] }, index) =>
    except.flatMap((excepted, place) =>
      strictlyWithin(excepted, cidr) ? [] : [{ path: ['spec', 'egress', index, 'except', place], code: 'SITE_EXCEPT_OUTSIDE', what: `${excepted} is no part of ${cidr}`, remedy: 'except a smaller network that lies in it' }]));
}

function strictlyWithin(inner: string, outer: string): boolean {
  const [base = '', length = ''] = outer.split('/');
  const [innerBase = '', innerLength = ''] = inner.split('/');
  const family = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');
  if (family(base) !== family(innerBase) || Number(innerLength) <= Number(length)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(length), family(base));
  return list.check(innerBase, family(innerBase));
}
