import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { imageOf, loadSite, parseSite } from '../../../../harness/provider/kubevirt/site.ts';
import { jsonSchemaText } from '../../../../harness/matrix/json-schema.ts';
import { packageRoot } from '../../../../lifecycle/root.ts';
import { IMAGES, SITES, site, siteWith } from './cells.ts';

const MULTUS = 'network: { type: multus, definition: cells/cells, subnet: 192.0.2.0/24, first: 192.0.2.16, last: 192.0.2.31, gateway: 192.0.2.1 }';

const BRIDGE = 'network: { type: bridge }';

test.each(SITES)('the shipped site %s is valid and bears its name', async (name) => {
  expect((await loadSite(name)).name).toBe(name);
});

test('defaults', () => {
  expect(site('network: { type: bridge }')).toMatchObject({
    controlNamespace: 'proofgrid',
    seeds: 'none',
    storage: { root: '20Gi', etcd: '4Gi', bindImmediately: false },
    scheduling: { controlPlanes: 'required' },
    cpu: { overcommit: 1 },
  });
});

test.each([
  ['masquerade', [IMAGES, 'network: { type: masquerade }'], 'mine.yaml:6:20: masquerade gives every guest one and the same address, so the machines of a cluster could not reach each other; use bridge on the pod network, or a Multus network with static addresses [KUBEVIRT_MASQUERADE]'],
  ['unknown key', [IMAGES, 'network: { type: bridge }', 'storge: { root: 20Gi }'], 'mine.yaml:7:3: unknown key "storge" in spec; did you mean storage? [DOCUMENT_UNKNOWN_KEY]'],
  ['unit', [IMAGES, 'network: { type: bridge }', 'storage: { root: 20 }'], 'mine.yaml:7:20: spec.storage.root: must be a quantity such as 20Gi; put it in quotes: YAML reads it as something else [DOCUMENT_INVALID_VALUE]'],
  ['no image', ['images: {}', 'network: { type: bridge }'], 'mine.yaml:5:11: the site has no golden image; add one for each operating system [SITE_WITHOUT_IMAGE]'],
  ['address outside', [IMAGES, MULTUS.replace('first: 192.0.2.16', 'first: 198.51.100.1')], /^mine\.yaml:6:\d+: 198\.51\.100\.1 is not in the subnet 192\.0\.2\.0\/24/],
  ['no block', [IMAGES, MULTUS.replace('last: 192.0.2.31', 'last: 192.0.2.18')], /no room for a block of 8 addresses.*\[SITE_NO_BLOCK\]/],
  ['gateway in range', [IMAGES, MULTUS.replace('gateway: 192.0.2.1', 'gateway: 192.0.2.20')], /\[SITE_GATEWAY_IN_RANGE\]/],
  // what KubeVirt's and CDI's admission let pass, and Kubernetes refuses only when a machine is to start
  ['class', [IMAGES, BRIDGE, 'storage: { class: Fast_SSD }'], 'mine.yaml:7:21: spec.storage.class: must be the name of an object: lower-case letters, digits, hyphens and dots [DOCUMENT_INVALID_VALUE]'],
  ['priority class', [IMAGES, BRIDGE, 'scheduling: { priorityClass: "high priority" }'], /^mine\.yaml:7:32: spec\.scheduling\.priorityClass: must be the name of an object/],
  ['claim', ['images: { debian-12: { type: claim, namespace: images, name: Debian_12 } }', BRIDGE], /^mine\.yaml:5:64: .*must be the name of an object/],
  ['secret', ['images: { debian-12: { type: registry, url: "docker://r.example.com/d:1", secretRef: "my secret" } }', BRIDGE], /^mine\.yaml:5:\d+: .*must be the name of an object/],
  ['too long a name', [IMAGES, BRIDGE, `storage: { class: ${'a'.repeat(254)} }`], /^mine\.yaml:7:21: spec\.storage\.class/],
  ['registry without an image', ['images: { debian-12: { type: registry, url: "docker://r.example.com/D ebian" } }', BRIDGE], /^mine\.yaml:5:47: .*must be docker:\/\/ and the reference of an image/],
  ['registry that no URL can be', ['images: { debian-12: { type: registry, url: "docker://r.example.com/%zz" } }', BRIDGE], /^mine\.yaml:5:47: /],
  ['archive that a node should pull', ['images: { debian-12: { type: registry, url: "oci-archive://images/d.tar", pullMethod: node } }', BRIDGE], 'mine.yaml:5:47: a node pulls images, and oci-archive://images/d.tar is an archive; use pullMethod: pod, or docker:// [SITE_IMAGE_NOT_PULLABLE]'],
  ['container disk with a scheme', ['images: { debian-12: { type: container-disk, image: "docker://r.example.com/d:1" } }', BRIDGE], /^mine\.yaml:5:55: .*must be the reference of an image, without docker:\/\//],
  ['disk without a unit', [IMAGES, BRIDGE, 'storage: { etcd: "4" }'], /^mine\.yaml:7:20: spec\.storage\.etcd: must be at least 1Mi/],
  ['CPU model', [IMAGES, BRIDGE, 'cpu: { model: "Intel Xeon" }'], /^mine\.yaml:7:17: spec\.cpu\.model: must be host-model, host-passthrough, or the name of a model/],
  ['definition', [IMAGES, MULTUS.replace('cells/cells', 'cells/-cells')], /^mine\.yaml:6:\d+: .*must be namespace\/name/],
  ['node selector', [IMAGES, BRIDGE, 'scheduling: { nodeSelector: { "a..b/c": d } }'], /^mine\.yaml:7:\d+: .*must be the key of a label/],
  ['toleration without a key', [IMAGES, BRIDGE, 'scheduling: { tolerations: [{ value: proofgrid }] }'], /^mine\.yaml:7:\d+: a toleration without a key is for all taints.*\[SITE_TOLERATION\]/],
  ['toleration that exists with a value', [IMAGES, BRIDGE, 'scheduling: { tolerations: [{ key: a, operator: Exists, value: b }] }'], 'mine.yaml:7:66: the operator Exists asks for no value; leave the value out, or say operator: Equal [SITE_TOLERATION]'],
  ['value of a toleration', [IMAGES, BRIDGE, 'scheduling: { tolerations: [{ key: a, value: "b c" }] }'], 'mine.yaml:7:48: "b c" cannot be the value of a taint; use at most 63 letters, digits, dots, hyphens and underscores [SITE_TOLERATION]'],
  ['key of a toleration', [IMAGES, BRIDGE, 'scheduling: { tolerations: [{ key: "a b", operator: Exists }] }'], /^mine\.yaml:7:38: .*must be the key of a label/],
  ['seconds of a toleration', [IMAGES, BRIDGE, 'scheduling: { tolerations: [{ key: a, effect: NoSchedule, tolerationSeconds: 5 }] }'], 'mine.yaml:7:80: seconds belong to the effect NoExecute alone; say effect: NoExecute, or leave them out [SITE_TOLERATION]'],
  ['exception outside', [IMAGES, BRIDGE, 'egress: [{ cidr: 192.0.2.0/24, except: [198.51.100.0/25] }]'], 'mine.yaml:7:43: 198.51.100.0/25 is no part of 192.0.2.0/24; except a smaller network that lies in it [SITE_EXCEPT_OUTSIDE]'],
  ['exception of everything', [IMAGES, BRIDGE, 'egress: [{ cidr: "2001:db8::/32", except: ["2001:db8::/32"] }]'], /\[SITE_EXCEPT_OUTSIDE\]/],
  ['exception of the other family', [IMAGES, BRIDGE, 'egress: [{ cidr: 0.0.0.0/0, except: ["2001:db8::/32"] }]'], /\[SITE_EXCEPT_OUTSIDE\]/],
  ['level of pod security', [IMAGES, BRIDGE, 'namespace: { labels: { pod-security.kubernetes.io/enforce: none } }'], /^mine\.yaml:7:\d+: there is no level "none" of pod security; use one of privileged, baseline, restricted \[SITE_POD_SECURITY\]/],
  ['reserved label', [IMAGES, 'network: { type: bridge }', 'namespace: { labels: { proofgrid.dev/site: other } }'], /^mine\.yaml:7:\d+: the site mine sets proofgrid\.dev\/site, by which leases are told apart/],
])('a mistake is named with its place: %s', (_, lines, message) => {
  expect(() => parseSite(siteWith(...lines), 'mine.yaml')).toThrow(message);
});

test('what Kubernetes, KubeVirt and CDI take is taken', () => {
  const images = 'images: { a: { type: registry, url: "docker://r.example.com:5000/x/debian_12:12.1@sha256:' + '0'.repeat(64) + '", pullMethod: node, secretRef: pull.me }, b: { type: container-disk, image: localhost/x/d }, c: { type: registry, url: "oci-archive://images/d.tar" }, d: { type: container-disk, image: debian } }';
  const scheduling = 'scheduling: { priorityClass: system-cluster-critical, tolerations: [{ operator: Exists }, { key: example.com/a, operator: Exists }, { key: a, value: b }, { key: a, effect: NoExecute, tolerationSeconds: 5 }] }';
  const others = ['cpu: { model: Skylake-Client-noTSX-IBRS }', 'egress: [{ cidr: 0.0.0.0/0, except: [192.0.2.0/24] }, { cidr: "2001:db8::/32", except: ["2001:db8:1::/48"] }]', 'namespace: { labels: { pod-security.kubernetes.io/enforce: privileged, pod-security.kubernetes.io/enforce-version: latest } }', 'storage: { class: csi.example.com, accessModes: [ReadWriteOncePod] }'];
  expect(parseSite(siteWith(images, BRIDGE, scheduling, ...others), 'mine.yaml').name).toBe('mine');
});

test.each([
  ['a port that is none', 'dns: { ports: [0] }', 'mine.yaml:7:18: spec.dns.ports[0]: must be a port, 1 to 65535'],
  ['no port at all', 'dns: { ports: [] }', 'mine.yaml:7:17: spec.dns.ports: must name at least one port'],
  ['a version that is a number', 'kubevirtVersion: 1.1', 'mine.yaml:7:20: spec.kubevirtVersion'],
  ['a version that is none', 'kubevirtVersion: "v1.1.0"', 'mine.yaml:7:20: spec.kubevirtVersion: must be a version such as "1.1"'],
])('a mistake in what a cluster is told apart by is told at its place: %s', (_, line, message) => {
  expect(() => parseSite(siteWith(IMAGES, BRIDGE, line), 'mine.yaml')).toThrow(message);
});

test('a binding plugin has a name, and networks of Multus have none', () => {
  expect(() => parseSite(siteWith(IMAGES, 'network: { type: bridge, binding: L2 }'), 'mine.yaml')).toThrow('mine.yaml:6:37: spec.network.binding: must be an RFC 1123 label');
  expect(() => parseSite(siteWith(IMAGES, MULTUS.replace(' }', ', binding: l2bridge }')), 'mine.yaml')).toThrow('unknown key "binding"');
});

test('an image that is missing is named where it belongs', () => {
  expect(() => imageOf(site('network: { type: bridge }'), 'debian-13')).toThrow('mine.yaml:5:11: the site mine has no golden image of debian-13; add one under spec.images.debian-13 [SITE_WITHOUT_IMAGE]');
});

test('an unknown site names the shipped ones', async () => {
  await expect(loadSite('nowhere')).rejects.toThrow('there is no site "nowhere"; name a file, or one of container-disk, default, multus, registry [SITE_UNKNOWN]');
});

test('the shipped JSON Schema is that of the code', async () => {
  expect(await readFile(path.join(packageRoot, 'schema', 'site.schema.json'), 'utf8')).toBe(jsonSchemaText('Site'));
});
