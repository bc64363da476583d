import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { DataVolume, KubeObject, VirtualMachine } from '../../../../harness/provider/kubevirt/objects.ts';
import { renderCell, renderUnchecked, shippedTemplates, type CellObjects } from '../../../../harness/provider/kubevirt/render.ts';
import { loadSite, type Site } from '../../../../harness/provider/kubevirt/site.ts';
import { findInvalid } from '../../../../harness/provider/kubevirt/validate.ts';
import { packageRoot } from '../../../../lifecycle/root.ts';
import { planned, site, SITES, TOPOLOGIES } from './cells.ts';

const combinations = SITES.flatMap((name) => TOPOLOGIES.map((topology) => [name, topology] as const));

test.each(combinations)('site %s, topology %s: valid by the published shapes and our rules', async (name, topology) => {
  const chosen = await loadSite(name);
  for (const os of ['debian-12', 'debian-13']) {
    const rendered = renderUnchecked(await planned(topology, chosen, [`os=${os}`]), chosen);
    expect(rendered.filter(({ object }) => object.kind === 'VirtualMachine').length).toBeGreaterThan(0);
    expect(findInvalid(rendered).map(({ message }) => message)).toEqual([]);
  }
});

test.each(combinations)('site %s, topology %s: the objects as they were', async (name, topology) => {
  const chosen = await loadSite(name);
  const objects = renderCell(await planned(topology, chosen), chosen);
  await expect(`${JSON.stringify(objects, null, 1)}\n`).toMatchFileSnapshot(`snapshots/${name}-${topology}.json`);
});

test('quota and policies come before anything that uses them', async () => {
  const chosen = await loadSite();
  const kinds = renderCell(await planned('all-in-one', chosen), chosen).map(({ kind }) => kind);
  expect([...new Set(kinds)]).toEqual(['Namespace', 'ResourceQuota', 'LimitRange', 'NetworkPolicy', 'Secret', 'DataVolume', 'VirtualMachine']);
});

test('a runner that is a pod owns a lease in its own namespace, and its namespace may reach the machines', async () => {
  const chosen = await loadSite();
  const request: CellObjects = { ...(await planned('all-in-one', chosen)), runnerPod: { name: 'runner-1', namespace: 'ci', uid: 'u-1' } };
  const objects = renderCell(request, chosen);
  expect(objects.find(({ kind }) => kind === 'Lease')?.metadata).toMatchObject({
    namespace: 'ci',
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'runner-1', uid: 'u-1' }],
  });
  const policy = objects.find(({ metadata }) => metadata.name === 'runner');
  expect(JSON.stringify(policy)).toContain('{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"ci"}},"podSelector":{}}');
  expect(objects.find(({ kind }) => kind === 'Namespace')?.metadata.annotations?.['proofgrid.dev/owner']).toContain('"runnerPod":{"name":"runner-1"');
});

test('what every object of a cell may use adds up to its quota', async () => {
  const chosen = site('network: { type: bridge }', 'cpu: { overcommit: 4 }', 'overhead: { cpus: 0.25, memory: 512Mi }');
  const quota = renderCell(await planned('small', chosen), chosen).find(({ kind }) => kind === 'ResourceQuota');
  // 3 machines: 6 cores and 7Gi; 3 root disks of 20Gi and one of 4Gi for etcd, with a tenth more, three claims each; KubeVirt needs more than 512Mi beside each machine; four workers
  expect(quota?.['spec']).toEqual({
    hard: {
      'requests.cpu': '2650m',
      'limits.cpu': '9750m',
      'requests.memory': '11387718Ki',
      'limits.memory': '11387718Ki',
      'requests.storage': '216270Mi',
      persistentvolumeclaims: '12',
      pods: '11',
      services: '4',
      'services.loadbalancers': '0',
      'services.nodeports': '0',
      'count/virtualmachines.kubevirt.io': '3',
    },
  });
});

test('cloud-init is what cloud-init reads, and the host key stays in the secret', async () => {
  const chosen = await loadSite('multus');
  const objects = renderCell(await planned('small', chosen), chosen);
  const secret = objects.find(({ metadata }) => metadata.name === 'cloud-init-control-plane-1')?.['data'] as { userdata: string; networkdata: string };
  const text = Buffer.from(secret.userdata, 'base64').toString();
  expect(text.split('\n')[0]).toBe('#cloud-config');
  expect(parse(text, { version: '1.1' })).toMatchObject({
    hostname: 'control-plane-1',
    disable_root: false,
    ssh_pwauth: false,
    users: [{ name: 'root' }],
    locale: 'C.UTF-8',
    ssh_keys: { ed25519_private: 'made by the run\n' },
    mounts: [['/dev/disk/by-id/virtio-etcd', '/var/lib/etcd', 'ext4', 'defaults,noatime,nofail,x-systemd.device-timeout=60s', '0', '2']],
  });
  const network = parse(Buffer.from(secret.networkdata, 'base64').toString(), { version: '1.1' }) as { config: [{ mac_address: string }] };
  expect(network).toMatchObject({ version: 1, config: [{ type: 'physical', name: 'cell', subnets: [{ type: 'static', address: '192.0.2.17/24', gateway: '192.0.2.1', dns_nameservers: ['192.0.2.1'] }] }] });
  const machine = objects.find((object): object is VirtualMachine => object.kind === 'VirtualMachine');
  expect(machine?.spec.template.spec.domain.devices.interfaces?.[0]?.macAddress).toBe(network.config[0].mac_address);
  expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'))).not.toContain('made by the run');
});

/** As YAML 1.1, which PyYAML reads. */
const userDataOf = (objects: readonly KubeObject[]) => objects.filter(({ kind }) => kind === 'Secret')
  .map(({ data }) => parse(Buffer.from((data as { userdata: string }).userdata, 'base64').toString(), { version: '1.1' }) as Record<string, unknown>);

// the schemas of Debian 12's and 13's packages: test/kubevirt/generate-cloud-init-schemas.mjs
test('user-data of every site and topology is valid by cloud-init\'s schemas, which know all of its keys', async () => {
  const schemas = await Promise.all(['22.4.2', '25.1.4'].map(async (version) => {
    const raw = JSON.parse(await readFile(path.join(packageRoot, `test/kubevirt/cloud-init/schema-${version}.json`), 'utf8')) as { definitions: Record<string, { properties?: object }> };
    const known = new Set(Object.values(raw.definitions).flatMap(({ properties = {} }) => Object.keys(properties)));
    return { version, known, schema: z.fromJSONSchema(raw as Parameters<typeof z.fromJSONSchema>[0]) };
  }));
  for (const [name, topology] of combinations) {
    const chosen = await loadSite(name);
    for (const data of userDataOf(renderCell(await planned(topology, chosen), chosen))) {
      for (const { version, known, schema } of schemas) {
        expect(schema.safeParse(data), `${name}, ${topology}, ${version}`).toMatchObject({ success: true });
        expect(Object.keys(data).filter((key) => !known.has(key)), version).toEqual([]);
      }
    }
  }
  for (const wrong of [{ mounts: [] }, { ssh_genkeytypes: [] }, { fs_setup: [{ device: 5 }] }, { ssh_deletekeys: 'perhaps' }]) {
    for (const { version, schema } of schemas) expect(schema.safeParse(wrong), `${JSON.stringify(wrong)}, ${version}`).toMatchObject({ success: false });
  }
});

test('a machine without etcd has neither its disk\'s mount nor an empty list of mounts', async () => {
  const chosen = await loadSite();
  const all = userDataOf(renderCell(await planned('small', chosen), chosen));
  expect(all.map((data) => ['mounts', 'fs_setup'].filter((key) => key in data))).toEqual([['mounts', 'fs_setup'], [], []]);
});

test('on the pod network a machine is told nothing about its network', async () => {
  const chosen = await loadSite();
  const objects = renderCell(await planned('all-in-one', chosen), chosen);
  expect(Object.keys(objects.find(({ kind }) => kind === 'Secret')?.['data'] as object)).toEqual(['userdata']);
  const machine = objects.find((object): object is VirtualMachine => object.kind === 'VirtualMachine');
  expect(machine?.spec.template.spec.volumes?.at(-1)).toEqual({ name: 'cloud-init', cloudInitNoCloud: { secretRef: { name: 'cloud-init-node-1' } } });
});

// what cloud-init itself makes of it: test/kubevirt/record-net-convert.ts
test('network-data gives the machine its address, gateway and resolver by its MAC address, whatever renderer its image has', async () => {
  const { input, outputs } = JSON.parse(await readFile(path.join(packageRoot, 'test/kubevirt/cloud-init/net-convert.json'), 'utf8')) as { input: string; outputs: Record<string, Record<string, Record<string, string>>> };
  const chosen = await loadSite('multus');
  const secret = renderCell(await planned('all-in-one', chosen), chosen).find(({ kind }) => kind === 'Secret')?.['data'] as { networkdata: string };
  expect(Buffer.from(secret.networkdata, 'base64').toString(), 'record it anew').toBe(input);
  const mac = /mac_address: (\S+)/.exec(input)?.[1] ?? 'missing';
  const rendered = Object.entries(outputs).flatMap(([version, renderers]) => Object.entries(renderers).map(([renderer, files]) => ({ of: `${version} ${renderer}`, text: Object.values(files).join('\n').toLowerCase() })));
  expect(rendered.map(({ of }) => of)).toEqual(['22.4.2', '25.1.4'].flatMap((version) => ['netplan', 'networkd', 'eni', 'sysconfig', 'network-manager'].map((renderer) => `${version} ${renderer}`)));
  for (const { of, text } of rendered) {
    expect(text, of).toContain(mac);
    expect(text, of).toMatch(/address1?=192\.0\.2\.17\/24|address 192\.0\.2\.17\/24|- 192\.0\.2\.17\/24|ipaddr=192\.0\.2\.17/);
    expect(text, of).toMatch(/gateway4?[=: ]+192\.0\.2\.1\n|to: default\n\s+via: 192\.0\.2\.1\n/);
    expect(text, of).toMatch(/dns(1|-nameservers)?[= ]192\.0\.2\.1[;\n]|nameservers:\n\s+addresses:\n\s+- 192\.0\.2\.1\n/);
  }
});

test.each([
  ['a whole number of blocks', {}, 3 * 2 ** 30, { maxSockets: 1 }, { guest: '3Gi', maxGuest: '3Gi' }],
  ['less than KubeVirt plugs', {}, 2 ** 29, { maxSockets: 1 }, { guest: '512Mi' }],
  ['between two blocks', {}, 2 ** 30 + 2 ** 20, { maxSockets: 1 }, { guest: '1025Mi' }],
  ['KubeVirt 1.1, which refuses both', { kubevirtVersion: '1.1' }, 3 * 2 ** 30, {}, { guest: '3Gi' }],
] as const)('no room for plugging: %s', async (_, change, memory, cpu, wanted) => {
  const chosen = { ...(await loadSite()), ...change };
  const request = await planned('all-in-one', chosen);
  const objects = renderCell({ ...request, machines: request.machines.map((machine) => ({ ...machine, memory })) }, chosen);
  const { domain } = (objects.find((object): object is VirtualMachine => object.kind === 'VirtualMachine') as VirtualMachine).spec.template.spec;
  expect(domain.memory).toEqual(wanted);
  expect(domain.cpu).toEqual({ sockets: 1, cores: expect.any(Number) as number, threads: 1, ...cpu });
});

test('disks are filled with the machines\' priority, by a plugin where bridges are forbidden, and names come from the DNS pods\' ports', async () => {
  const chosen = site('network: { type: bridge, binding: l2bridge }', 'dns: { ports: [53, 5353] }', 'scheduling: { priorityClass: cells }');
  const objects = renderCell(await planned('all-in-one', chosen), chosen);
  expect(objects.filter(({ kind }) => kind === 'DataVolume').map(({ spec }) => (spec as DataVolume['spec']).priorityClassName)).toEqual(['cells', 'cells']);
  const { spec } = (objects.find((object): object is VirtualMachine => object.kind === 'VirtualMachine') as VirtualMachine).spec.template;
  expect(spec.priorityClassName).toBe('cells');
  expect(spec.domain.devices.interfaces).toEqual([{ name: 'cell', model: 'virtio', binding: { name: 'l2bridge' } }]);
  const { egress: [names] } = objects.find(({ metadata }) => metadata.name === 'egress')?.['spec'] as { egress: [{ ports: object[] }] };
  expect(names.ports).toEqual([53, 5353].flatMap((port) => [{ protocol: 'UDP', port }, { protocol: 'TCP', port }]));
});

test('strange values stay values', async () => {
  const chosen = await loadSite();
  const request = await planned('all-in-one', chosen);
  const evil = 'ssh-ed25519 AAAA "\'\n- ${lease}: {{ x }}';
  const secret = renderCell({ ...request, authorizedKey: evil }, chosen).find(({ kind }) => kind === 'Secret')?.['data'] as { userdata: string };
  expect(parse(Buffer.from(secret.userdata, 'base64').toString(), { version: '1.1' })).toMatchObject({ ssh_authorized_keys: [evil] });
});

/** The shipped templates with one of them changed. */
async function changed(template: string, from: string, to: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'templates-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await cp(shippedTemplates, directory, { recursive: true });
  const text = await readFile(path.join(directory, template), 'utf8');
  expect(text).toContain(from);
  await writeFile(path.join(directory, template), text.replace(from, to));
  return directory;
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;

test.each([
  ['masquerade', 'virtual-machine.yaml', 'bridge: ${network.bridge?}', 'masquerade: {}', 'KUBEVIRT_MASQUERADE'],
  ['binding left to KubeVirt', 'virtual-machine.yaml', 'bridge: ${network.bridge?}', 'pciAddress: "0000:81:01.10"', 'KUBEVIRT_BINDING'],
  ['misspelt field', 'virtual-machine.yaml', 'runStrategy: Once', 'runStrategie: Once', 'KUBEVIRT_UNKNOWN_FIELD'],
  ['no such run strategy', 'virtual-machine.yaml', 'runStrategy: Once', 'runStrategy: Sometimes', 'KUBEVIRT_UNKNOWN_VALUE'],
  ['disk without a volume', 'virtual-machine.yaml', '- name: cloud-init\n              disk', '- name: seed\n              disk', 'KUBEVIRT_UNMATCHED_NAME'],
  ['network without an interface', 'virtual-machine.yaml', '- name: cell\n          pod', '- name: other\n          pod', 'KUBEVIRT_UNMATCHED_NAME'],
  ['two probes', 'virtual-machine.yaml', 'guestAgentPing: {}', 'guestAgentPing: {}\n        exec: { command: ["true"] }', 'KUBEVIRT_NOT_EXACTLY_ONE'],
  ['no limit', 'virtual-machine.yaml', 'cpu: ${machine.cpus}', 'ephemeral-storage: 1Gi', 'KUBEVIRT_NO_LIMIT'],
  ['request above the limit', 'virtual-machine.yaml', 'cpu: ${machine.requestedCpus}', 'cpu: "64"', 'KUBEVIRT_REQUEST_ABOVE_LIMIT'],
  ['another hostname', 'virtual-machine.yaml', 'hostname: ${machine.name}', 'hostname: node', 'KUBEVIRT_HOSTNAME'],
  ['control planes together', 'virtual-machine.yaml', 'affinity: ${machine.affinity?}', 'affinity: {}', 'KUBEVIRT_NO_ANTI_AFFINITY'],
  ['nobody\'s object', 'limit-range.yaml', 'labels: ${labels}', 'labels: {}', 'KUBEVIRT_NO_LEASE_LABEL'],
  ['no namespace', 'limit-range.yaml', 'namespace: ${namespace}', 'annotations: {}', 'KUBEVIRT_NO_NAMESPACE'],
  ['key twice', 'limit-range.yaml', 'namespace: ${namespace}', 'labels: {}', 'TEMPLATE_SYNTAX'],
  ['quota as a number', 'resource-quota.yaml', 'services.nodeports: "0"', 'services.nodeports: 0', 'KUBEVIRT_WRONG_TYPE'],
  // what KubeVirt's webhook refuses, by its own rules
  ['never started', 'virtual-machine.yaml', 'runStrategy: Once', 'runStrategy: Manual', 'KUBEVIRT_NEVER_RUNS'],
  ['no run strategy', 'virtual-machine.yaml', 'runStrategy: Once', 'running: true', 'KUBEVIRT_NOT_EXACTLY_ONE'],
  ['paused for ever', 'virtual-machine.yaml', 'evictionStrategy: None', 'startStrategy: Paused', 'KUBEVIRT_NEVER_RUNS'],
  ['label of KubeVirt', 'virtual-machine.yaml', 'labels: ${machine.labels}\n    spec:', 'labels: { kubevirt.io/nodeName: here }\n    spec:', 'KUBEVIRT_RESERVED_LABEL'],
  ['label of the pod', 'virtual-machine.yaml', 'labels: ${machine.labels}\n    spec:', 'labels: { a: "b c" }\n    spec:', 'KUBEVIRT_LABEL'],
  ['no memory', 'virtual-machine.yaml', 'memory: ${machine.memory}\n          limits:', 'memory: 500k\n          limits:', 'KUBEVIRT_TOO_LITTLE_MEMORY'],
  ['name of a disk', 'virtual-machine.yaml', '- name: cloud-init\n              disk', '- name: cloud_init\n              disk', 'KUBEVIRT_DISK'],
  ['serial of a disk', 'virtual-machine.yaml', 'serial: etcd', 'serial: "etcd 1"', 'KUBEVIRT_DISK'],
  ['disk of two kinds', 'virtual-machine.yaml', 'serial: etcd', 'cdrom: { bus: sata }', 'KUBEVIRT_DISK'],
  ['read-only on sata', 'virtual-machine.yaml', 'serial: etcd\n              disk: { bus: virtio }', 'serial: etcd\n              disk: { bus: sata, readonly: true }', 'KUBEVIRT_DISK'],
  ['lun that is no claim', 'virtual-machine.yaml', '- name: cloud-init\n              disk: { bus: virtio }', '- name: cloud-init\n              lun: { bus: scsi }', 'KUBEVIRT_DISK'],
  ['bus of a CD-ROM', 'virtual-machine.yaml', '- name: cloud-init\n              disk: { bus: virtio }', '- name: cloud-init\n              cdrom: { bus: virtio }', 'KUBEVIRT_UNKNOWN_VALUE'],
  ['mode of a disk', 'virtual-machine.yaml', 'serial: etcd', 'io: default', 'KUBEVIRT_UNKNOWN_VALUE'],
  ['two that boot first', 'virtual-machine.yaml', 'serial: etcd', 'bootOrder: 1', 'KUBEVIRT_BOOT_ORDER'],
  ['one that boots before the first', 'virtual-machine.yaml', 'bootOrder: 1', 'bootOrder: 0', 'KUBEVIRT_BOOT_ORDER'],
  ['an interface that boots first', 'virtual-machine.yaml', 'model: virtio', 'bootOrder: 0x1', 'KUBEVIRT_BOOT_ORDER'],
  ['MAC address', 'virtual-machine.yaml', 'macAddress: ${machine.macAddress?}', 'macAddress: "02:00:00:00:00"', 'KUBEVIRT_INTERFACE'],
  ['name of an interface', 'virtual-machine.yaml', 'interfaces:\n            - name: cell', 'interfaces:\n            - name: cell.1', 'KUBEVIRT_INTERFACE'],
  ['two pod networks', 'virtual-machine.yaml', 'multus: ${network.multus?}', 'multus: ${network.multus?}\n        - name: cell\n          pod: {}', 'KUBEVIRT_NETWORK'],
  ['cloud-init twice', 'virtual-machine.yaml', 'networkDataSecretRef:', 'userData: "#cloud-config"\n            networkDataSecretRef:', 'KUBEVIRT_CLOUD_INIT'],
  ['long cloud-init', 'virtual-machine.yaml', 'networkDataSecretRef:\n              $when: ${machine.networkData}\n              name: ${machine.cloudInit}', `networkData: ${'a'.repeat(2049)}`, 'KUBEVIRT_CLOUD_INIT'],
  ['more sockets than there may be', 'virtual-machine.yaml', 'sockets: 1', 'sockets: 2', 'KUBEVIRT_PLUGGING'],
  ['more memory than there may be', 'virtual-machine.yaml', 'maxGuest: ${machine.maxGuest?}', 'maxGuest: 1Gi', 'KUBEVIRT_PLUGGING'],
  ['memory between two blocks', 'virtual-machine.yaml', 'maxGuest: ${machine.maxGuest?}', 'maxGuest: 8193Mi', 'KUBEVIRT_PLUGGING'],
  ['two bindings', 'virtual-machine.yaml', 'binding: ${network.binding?}', 'binding: { name: l2bridge }', 'KUBEVIRT_NOT_EXACTLY_ONE'],
  ['kind of another world', 'limit-range.yaml', 'kind: LimitRange', 'kind: Pod', 'KUBEVIRT_UNKNOWN_KIND'],
])('a template with a mistake is refused at its line: %s', async (_, template, from, to, code) => {
  const chosen: Site = await loadSite();
  const templates = await changed(template, from, to);
  const text = await readFile(path.join(templates, template), 'utf8');
  const request = await planned('ha', chosen);
  const [first] = await Promise.resolve().then(() => renderCell(request, chosen, templates)).then(() => ['nothing was thrown'], (error: Error) => error.message.split('\n'));
  expect(first).toContain(`[${code}]`);
  expect(first?.startsWith(`${path.join(templates, template)}:`)).toBe(true);
  // what is missing is told at the map that lacks it, a few lines above
  const line = Number(/yaml:(\d+):/.exec(first ?? '')?.[1]);
  expect(Math.abs(line - lineOf(text, to))).toBeLessThanOrEqual(7);
});
