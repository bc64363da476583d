import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import { clusterDeploymentSchema } from '../../../lifecycle/cluster-deployment.ts';
import { DocumentError, parseDocument } from '../../../lifecycle/document.ts';
import { CLUSTERS, written } from '../../every-field.ts';

type Path = readonly (string | number)[];

/** `code at line:column`, the mistake and its remedy, of every problem. */
function problems(text: string) {
  try {
    parseDocument(text, 'c.yaml', clusterDeploymentSchema);
    return [];
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    return error.problems.map(({ code, where, what, remedy }) => ({ at: `${where?.file}:${where?.line}:${where?.column}`, code, what, remedy }));
  }
}

/** A valid document with other values at some paths: the first is the one that is to be told. */
function changed(document: number, changes: readonly (readonly [Path, unknown])[]): object {
  const copy = structuredClone(CLUSTERS[document] ?? {});
  for (const [path, value] of changes) {
    const parent = path.slice(0, -1).reduce<unknown>((inner, step) => (inner as Record<string | number, unknown>)[step], copy) as Record<string | number, unknown>;
    parent[path.at(-1) as string] = value;
  }
  return copy;
}

const network = (field: string) => ['spec', 'network', field];
const endpoint = (field: string) => ['spec', 'controlPlane', 'endpoint', field];
const machine = (index: number, field: string) => ['spec', 'machines', index, field];
const direct = [['spec', 'controlPlane', 'endpoint'], { type: 'direct', port: 6443 }] as const;
const alone = [['spec', 'machines'], [{ name: 'one', roles: ['etcd', 'control-plane', 'worker'] }]] as const;
/** A dual-stack document. */
const pairs = (pods = '10.244.0.0/16,fd00:10:244::/56', services = '10.96.0.0/16,fd00:10:96::/112') => [[network('podCIDR'), pods], [network('serviceCIDR'), services]] as const;
const unenforced = [network('policy'), { type: 'none', reason: 'text' }] as const;
const many = [['spec', 'machines'], Array.from({ length: 17 }, (_, index) => ({ name: `m-${index}`, roles: index === 0 ? ['etcd', 'control-plane'] : ['worker'] }))] as const;

test.each<[string, number, string, string, string, ...(readonly [Path, unknown])[]]>([
  ['host bits in the pod network', 0, 'CLUSTER_NETWORK_HOST_BITS', 'the pod network 10.244.3.7/16 is an address in a network', 'did you mean 10.244.0.0/16?', [network('podCIDR'), '10.244.3.7/16']],
  ['host bits in an IPv6 network', 1, 'CLUSTER_NETWORK_HOST_BITS', 'the service network fd00:1::8/112', 'did you mean fd00:1::/112?', [network('serviceCIDR'), 'fd00:1::8/112'], [network('podCIDR'), 'fd00:2::/48']],
  ['pods and services in one network', 0, 'CLUSTER_NETWORKS_OVERLAP', 'the service network 10.244.128.0/20 overlaps the pod network 10.244.0.0/16', 'choose networks apart', [network('serviceCIDR'), '10.244.128.0/20']],
  ['an endpoint among the pods', 0, 'CLUSTER_NETWORKS_OVERLAP', 'the address of the endpoint 10.244.0.9 lies in the pod network', 'choose networks apart', [endpoint('address'), '10.244.0.9']],
  ['an external endpoint among the services', 1, 'CLUSTER_NETWORKS_OVERLAP', 'the address of the endpoint 10.96.0.1 lies in the service network', 'choose networks apart', [endpoint('host'), '10.96.0.1']],
  ['a machine among the services', 0, 'CLUSTER_NETWORKS_OVERLAP', 'the address of one 10.96.3.3 lies in the service network', 'choose networks apart', [machine(0, 'address'), '10.96.3.3']],
  ['services of another family', 0, 'CLUSTER_FAMILIES_MIXED', 'the service network fd00::/112 is not of the family of the pod network', 'use IPv4 or IPv6', [network('serviceCIDR'), 'fd00::/112']],
  ['an endpoint of another family', 0, 'CLUSTER_FAMILIES_MIXED', 'the address of the endpoint fd00::1', 'use IPv4 or IPv6', [endpoint('address'), 'fd00::1']],
  ['a machine of another family', 0, 'CLUSTER_FAMILIES_MIXED', 'the address of one fd00::2', 'use IPv4 or IPv6', [machine(0, 'address'), 'fd00::2']],
  ['an endpoint on the loopback', 0, 'CLUSTER_ADDRESS_UNUSABLE', 'the address of the endpoint 127.0.0.1', 'choose another', [endpoint('address'), '127.0.0.1']],
  ['a pod network of everything', 0, 'CLUSTER_ADDRESS_UNUSABLE', 'the pod network 0.0.0.0/0', 'choose another', [network('podCIDR'), '0.0.0.0/0']],
  ['services in a multicast network', 0, 'CLUSTER_ADDRESS_UNUSABLE', 'the service network 239.0.0.0/16', 'choose another', [network('serviceCIDR'), '239.0.0.0/16']],
  ['the endpoint at the address of a machine', 0, 'CLUSTER_DUPLICATE', 'the address of one 10.213.0.9 is the address of the endpoint too', 'give each its own', [machine(0, 'address'), '10.213.0.9']],
  ['two machines at one address', 0, 'CLUSTER_DUPLICATE', 'the address of two 10.213.0.10 is the address of one too', 'give each its own', [machine(1, 'address'), '10.213.0.10']],
  ['a pod network without room for the machines', 0, 'CLUSTER_NETWORK_TOO_SMALL', 'has no /28 for each of 17 machines', 'use a wider one', [network('podCIDR'), '10.244.0.0/24'], many, direct],
  ['a pod network without room for a pod', 0, 'CLUSTER_NETWORK_TOO_SMALL', 'leaves no addresses for the pods of a machine', 'use a wider one, such as a /16', [network('podCIDR'), '10.244.0.0/28']],
  ['a service network without room for the DNS', 0, 'CLUSTER_NETWORK_TOO_SMALL', 'has no address number 10', 'use a /28 or wider', [network('serviceCIDR'), '10.96.0.0/29']],
  ['a service network that is too wide', 0, 'CLUSTER_NETWORK_TOO_LARGE', 'Kubernetes 1.33.1 takes no service network as wide as 10.0.0.0/9', 'use a /12 or narrower', [network('serviceCIDR'), '10.0.0.0/9'], [['spec', 'kubernetes', 'version'], '1.33.1'], [network('podCIDR'), '172.16.0.0/16'], [endpoint('address'), '192.168.0.1'], [machine(0, 'address'), '192.168.0.2']],
  ['host bits in the second network of a pair', 0, 'CLUSTER_NETWORK_HOST_BITS', 'the pod network fd00:10:244::7/56 is an address in a network', 'did you mean fd00:10:244::/56?', ...pairs('10.244.0.0/16,fd00:10:244::7/56')],
  ['an overlap of the second networks', 0, 'CLUSTER_NETWORKS_OVERLAP', 'the service network fd00:10:244::/112 overlaps the pod network fd00:10:244::/56', 'choose networks apart', ...pairs(undefined, '10.96.0.0/16,fd00:10:244::/112')],
  ['an address that nobody can have in a pair', 0, 'CLUSTER_ADDRESS_UNUSABLE', 'the pod network ff00::/56', 'choose another', ...pairs('10.244.0.0/16,ff00::/56')],
  ['one family twice', 0, 'CLUSTER_FAMILIES_MIXED', 'the pod network 10.245.0.0/16 is of the family of 10.244.0.0/16', 'write one network of IPv4 and one of IPv6', ...pairs('10.244.0.0/16,10.245.0.0/16')],
  ['pods alone of two families', 0, 'CLUSTER_FAMILIES_MIXED', 'the service network 10.96.0.0/16 has not the families of the pod network 10.244.0.0/16,fd00:10:244::/56', 'use the same families in the same order', ...pairs(undefined, '10.96.0.0/16')],
  ['services alone of two families', 0, 'CLUSTER_FAMILIES_MIXED', 'has not the families of the pod network 10.244.0.0/16', 'use the same families in the same order', ...pairs('10.244.0.0/16')],
  ['a pair in another order', 0, 'CLUSTER_FAMILIES_MIXED', 'the service network fd00:10:96::/112,10.96.0.0/16 has not the families', 'use the same families in the same order', ...pairs(undefined, 'fd00:10:96::/112,10.96.0.0/16')],
  ['a pair whose first family is not the one of the machines', 0, 'CLUSTER_FAMILIES_MIXED', 'the address of one 10.213.0.10 is not of the family of the pod network fd00:10:244::/56', 'write the family of the machines first', ...pairs('fd00:10:244::/56,10.244.0.0/16', 'fd00:10:96::/112,10.96.0.0/16')],
  ['a machine in the second network of the pods', 0, 'CLUSTER_NETWORKS_OVERLAP', 'the address of one fd00:10:244::9 lies in the pod network fd00:10:244::/56', 'choose networks apart', [machine(0, 'address'), 'fd00:10:244::9'], ...pairs()],
  ['a second pod network without room for the machines', 0, 'CLUSTER_NETWORK_TOO_SMALL', 'the pod network fd00:10:244::/62 has no /66 for each of 17 machines', 'use a wider one', ...pairs('10.244.0.0/16,fd00:10:244::/62'), many, direct],
  ['a second service network without room for the DNS', 0, 'CLUSTER_NETWORK_TOO_SMALL', 'the service network fd00:10:96::/125 has no address number 10', 'use a /124 or wider', ...pairs(undefined, '10.96.0.0/16,fd00:10:96::/125')],
  ['a second service network that is too wide', 0, 'CLUSTER_NETWORK_TOO_LARGE', 'Kubernetes 1.33.1 takes no service network as wide as fd00:10:96::/107', 'use a /108 or narrower', ...pairs(undefined, '10.96.0.0/16,fd00:10:96::/107'), [['spec', 'kubernetes', 'version'], '1.33.1']],
  ['a pair in a version that has it as an alpha feature', 0, 'CLUSTER_DUAL_STACK', 'dual-stack is not stable in Kubernetes 1.20.2, but from 1.23 on', 'take a later version', ...pairs(), [['spec', 'kubernetes', 'version'], '1.20.2']],
  ['a pair for flannel', 1, 'CLUSTER_DUAL_STACK', "flannel's CNI plugin v0.9.1", 'use host-gw, vxlan or a manifest', ...pairs()],
  ['kube-router with both families', 0, 'CLUSTER_POLICY_IPV6', 'kube-router 2.1.0 enforces no policies over IPv6', 'write none with a reason', ...pairs(), [network('policy'), { type: 'kube-router', image: 'localhost/kube-router:1' }]],
  ['kube-router with IPv6', 0, 'CLUSTER_POLICY_IPV6', 'kube-router 2.1.0 enforces no policies over IPv6', 'write none with a reason', [network('podCIDR'), 'fd00:1::/48'], [network('serviceCIDR'), 'fd00:2::/112']],
  ["etcd's port", 0, 'CLUSTER_PORT_TAKEN', 'port 2379 of a control plane belongs to etcd', 'use another', [endpoint('port'), 2379]],
  ["the kubelet's port", 0, 'CLUSTER_PORT_TAKEN', 'port 10250 of a control plane belongs to the kubelet', 'use another', [endpoint('port'), 10250]],
  ['the port of SSH', 0, 'CLUSTER_PORT_TAKEN', 'port 22 of a control plane belongs to SSH', 'use another', [endpoint('port'), 22]],
  ["haproxy's own port", 0, 'CLUSTER_PORT_TAKEN', 'port 8404 of a control plane belongs to haproxy', 'use another', [endpoint('port'), 8404]],
  ["kube-router's port", 0, 'CLUSTER_PORT_TAKEN', "port 20244 of a control plane belongs to kube-router's health", 'use another', [endpoint('port'), 20244]],
  ["flannel's port", 1, 'CLUSTER_PORT_TAKEN', "port 8081 of a control plane belongs to flannel's health", 'use another', [endpoint('port'), 8081], [['spec', 'controlPlane', 'endpoint'], { type: 'direct', port: 8081 }]],
  ['a port of services', 0, 'CLUSTER_PORT_TAKEN', 'port 30443 of a control plane belongs to services (30000 to 32767)', 'use another', [endpoint('port'), 30443]],
  ['a machine with the name of a group', 0, 'CLUSTER_NAME_RESERVED', 'the name etcd means something else', 'use another, such as etcd-1', [machine(1, 'name'), 'etcd']],
  ['a machine called localhost', 0, 'CLUSTER_NAME_RESERVED', 'the name localhost means something else', 'use another, such as localhost-1', [machine(1, 'name'), 'localhost']],
  ['two machines of one name', 0, 'CLUSTER_DUPLICATE', 'duplicate machine one', 'keep one of them', [machine(1, 'name'), 'one']],
  ['a role twice', 0, 'CLUSTER_DUPLICATE', 'duplicate role etcd', 'keep one of them', [['spec', 'machines', 0, 'roles', 3], 'etcd']],
  ['an even number of etcd members', 0, 'CLUSTER_ETCD_QUORUM', 'etcd needs an odd number of members, got 2', 'give one machine more', [['spec', 'machines'], [{ name: 'one', roles: ['etcd', 'control-plane'] }, { name: 'two', roles: ['etcd'] }]]],
  ['no control plane', 0, 'CLUSTER_NO_CONTROL_PLANE', 'no machine has the role control-plane', 'give one of them that role', [['spec', 'machines'], [{ name: 'one', roles: ['etcd'] }]]],
  ['several control planes at one address', 0, 'CLUSTER_ENDPOINT', 'more than one control plane needs a virtual-address', 'use one of these types', direct],
  ['executables of no version', 1, 'CLUSTER_INCOMPLETE', 'binaries are of one version', 'add spec.runtime.version', [['spec', 'runtime'], { name: 'containerd', binaries: { source: { type: 'directory', path: '/opt' }, sha256: {} } }]],
  ['a manifest that nobody applies', 1, 'CLUSTER_INCOMPLETE', 'a manifest is needed by the plugin manifest', 'add it, remove it', [network('manifest'), 'cni.yaml']],
  ['crictl beside Docker', 2, 'CLUSTER_INCOMPATIBLE', 'crictl speaks CRI, which docker does not serve', 'remove it, or use containerd', [['spec', 'runtime', 'crictl'], { version: '1.34.0', binaries: { source: { type: 'directory', path: '/opt' }, sha256: {} } }]],
  ["plugins beside a user's own network", 0, 'CLUSTER_INCOMPATIBLE', 'a network from a manifest finds its plugins where the operating system has them', 'remove them, or change the plugin', [network('plugins'), { version: '1.10.0', binaries: { source: { type: 'directory', path: '/opt' }, sha256: {} } }]],
  ['flannel without an image', 0, 'CLUSTER_INCOMPLETE', 'an image is needed by the flannel plugins', 'add it, remove it', [network('plugin'), 'flannel-vxlan']],
  ['an add-on twice', 0, 'CLUSTER_DUPLICATE', 'duplicate add-on mine', 'keep one of them', [['spec', 'addOns', 1], { name: 'mine', manifest: 'other.yaml' }]],
])('%s is refused', (_title, document, code, what, remedy, ...changes) => {
  const text = stringify(changed(document, changes), { lineWidth: 0 });
  expect(problems(text)).toContainEqual({ at: expect.stringMatching(/^c\.yaml:\d+:\d+$/), code, what: expect.stringContaining(what), remedy: expect.stringContaining(remedy) });
});

test('a mistake is told where its value stands', () => {
  const path = [...machine(0, 'address')];
  const document = changed(0, [[path, '10.96.3.3']]);
  const { text, line, column } = written(document, { field: '', path, part: 'value' });
  expect(problems(text)).toEqual([expect.objectContaining({ at: `c.yaml:${line}:${column}`, code: 'CLUSTER_NETWORKS_OVERLAP' })]);
});

test.each<[string, Path, unknown, string]>([
  ['a file URL', ['spec', 'etcd', 'binaries', 'source', 'url'], 'file:///etc', 'must be an http or https address'],
  ['a URL with a line break', ['spec', 'etcd', 'binaries', 'source', 'url'], 'https://a.example/\nx', 'must be an http or https address'],
  ['a URL with a query', ['spec', 'etcd', 'binaries', 'source', 'url'], 'https://a.example/?x=', 'must be an http or https address'],
  ['a path in the version of etcd', ['spec', 'etcd', 'version'], '3.6.16/../../etc', 'must be a full version'],
  ['a path in the version of Kubernetes', ['spec', 'kubernetes', 'version'], '1.34.4+/../x', 'must be a full version'],
  ['a path in the version of the engine', ['spec', 'runtime', 'version'], '../2.4.2', 'must be a version'],
  ['a path in the name of a file', ['spec', 'etcd', 'binaries', 'sha256', '../etcd'], 'a'.repeat(64), 'must be the name of a file'],
  ['a host with a blank', endpoint('host'), 'api example', 'must be an address, or a name'],
  ['a host that is nearly an address', endpoint('host'), '10.0.0.256', 'must be an address, or a name'],
  ['a host that begins with a hyphen', endpoint('host'), '-api.example', 'must be an address, or a name'],
  ['a host with a port', endpoint('host'), 'api.example:6443', 'must be an address, or a name'],
  ['an empty SAN', ['spec', 'controlPlane', 'certSANs'], [''], 'must be an address, or a name such as'],
  ['a SAN with an underscore', ['spec', 'controlPlane', 'certSANs'], ['a_b.example'], 'must be an address, or a name such as'],
  ['a SAN with a star inside', ['spec', 'controlPlane', 'certSANs'], ['api.*.example'], 'must be an address, or a name such as'],
  ['a network without a prefix', network('podCIDR'), '10.244.0.0', 'must be a network such as'],
  ['a pair with a blank', network('podCIDR'), '10.244.0.0/16, fd00::/56', 'one of each family with a comma between them'],
  ['a pair of which one is no network', network('podCIDR'), '10.244.0.0/33,fd00::/56', 'must be a network such as'],
  ['three networks', network('podCIDR'), '10.244.0.0/16,fd00::/56,fd01::/56', 'must be a network such as'],
  ['an image with a line break', network('image'), 'localhost/flannel:1\nx', 'must be the reference of an image'],
  ['an image with a quote', ['spec', 'runtime', 'pauseImage'], 'localhost/"pause":1', 'must be the reference of an image'],
  ['an image of capitals', ['spec', 'runtime', 'pauseImage'], 'True', 'must be the reference of an image'],
  ['a path with a quote', ['spec', 'etcd', 'binaries', 'source'], { type: 'directory', path: "/opt/it's" }, 'must be an absolute path'],
  ['a path with a line break', ['spec', 'etcd', 'binaries', 'source'], { type: 'directory', path: '/opt/\nx' }, 'must be an absolute path'],
  ['a path that leads out', ['spec', 'etcd', 'binaries', 'source'], { type: 'directory', path: '/opt/../etc' }, 'must be an absolute path'],
  ['a relative path', ['spec', 'etcd', 'binaries', 'source'], { type: 'directory', path: 'opt' }, 'must be an absolute path'],
  ['a label with a blank', ['metadata', 'labels'], { team: 'a b' }, 'must be at most 63'],
  ['an annotation without a name', ['metadata', 'annotations'], { 'example.com/': 'a' }, 'must be a key such as'],
])('%s is refused', (_title, path, value, what) => {
  const text = stringify(changed(1, [[path, value]]), { lineWidth: 0 });
  expect(problems(text)).toEqual([expect.objectContaining({ what: expect.stringContaining(what), at: expect.stringMatching(/^c\.yaml:\d+:\d+$/) })]);
});

test.each<[string, Path, unknown]>([
  ['the endpoint beside an API server', endpoint('port'), 6443],
  ['a name of digits', machine(1, 'name'), '101'],
  ['a name that YAML reads as something else', machine(1, 'name'), 'on'],
  ['a star in front of a domain', ['spec', 'controlPlane', 'certSANs'], ['*.example.com', '10.0.0.1', 'fd00::1', 'localhost']],
  ['an image with a port and a digest', ['spec', 'runtime', 'pauseImage'], `registry.example:5000/a/pause:3.10@sha256:${'a'.repeat(64)}`],
  ['a pod network that just holds the machines', network('podCIDR'), '10.244.0.0/26'],
  ['a version of a package', ['spec', 'etcd', 'version'], '3.4.23+dfsg-4~bpo1'],
  ['a path with a blank and braces', ['spec', 'etcd', 'binaries', 'source'], { type: 'directory', path: '/opt/a b/{{ x }}' }],
])('%s is accepted', (_title, path, value) => {
  expect(problems(stringify(changed(0, [[path, value]]), { lineWidth: 0 }))).toEqual([]);
});

test('a whole document of IPv6 is accepted', () => {
  const text = stringify(changed(0, [[network('podCIDR'), 'fd00:1::/48'], [network('serviceCIDR'), 'fd00:2::/112'], unenforced, [endpoint('address'), 'fd00:3::9'], [machine(0, 'address'), 'fd00:3::10'], alone]), { lineWidth: 0 });
  expect(problems(text)).toEqual([]);
});

test.each([
  ['IPv4 first', pairs()],
  ['the narrowest', pairs('10.244.0.0/22,fd00:1::/120', '10.96.0.0/28,fd00:2::/124')],
  ['IPv6 first', [...pairs('fd00:1::/56,10.244.0.0/16', 'fd00:2::/112,10.96.0.0/16'), [endpoint('address'), 'fd00:3::9'], [machine(0, 'address'), 'fd00:3::10']]],
] as const)('a dual-stack document is accepted: %s', (_title, changes) => {
  expect(problems(stringify(changed(0, [...changes, unenforced]), { lineWidth: 0 }))).toEqual([]);
});
