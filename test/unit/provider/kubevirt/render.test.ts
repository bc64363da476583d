import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import type { VirtualMachine } from '../../../../harness/provider/kubevirt/objects.ts';
import { renderCell, renderUnchecked, shippedTemplates, type CellObjects } from '../../../../harness/provider/kubevirt/render.ts';
import { loadSite, type Site } from '../../../../harness/provider/kubevirt/site.ts';
import { findInvalid } from '../../../../harness/provider/kubevirt/validate.ts';
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
    users: [],
    ssh_keys: { ed25519_private: 'made by the run\n' },
    mounts: [['/dev/disk/by-id/virtio-etcd', '/var/lib/etcd', 'ext4', 'defaults,noatime,nofail,x-systemd.device-timeout=60s', '0', '2']],
  });
  const network = parse(Buffer.from(secret.networkdata, 'base64').toString(), { version: '1.1' }) as { ethernets: { cell: { match: { macaddress: string } } } };
  expect(network).toMatchObject({ version: 2, ethernets: { cell: { addresses: ['192.0.2.17/24'], gateway4: '192.0.2.1' } } });
  const machine = objects.find((object): object is VirtualMachine => object.kind === 'VirtualMachine');
  expect(machine?.spec.template.spec.domain.devices.interfaces?.[0]?.macAddress).toBe(network.ethernets.cell.match.macaddress);
  expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'))).not.toContain('made by the run');
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
  ['masquerade', 'virtual-machine.yaml', 'bridge: {}', 'masquerade: {}', 'KUBEVIRT_MASQUERADE'],
  ['binding left to KubeVirt', 'virtual-machine.yaml', 'bridge: {}', 'pciAddress: "0000:81:01.10"', 'KUBEVIRT_BINDING'],
  ['misspelt field', 'virtual-machine.yaml', 'runStrategy: Once', 'runStrategie: Once', 'KUBEVIRT_UNKNOWN_FIELD'],
  ['no such run strategy', 'virtual-machine.yaml', 'runStrategy: Once', 'runStrategy: Sometimes', 'KUBEVIRT_UNKNOWN_VALUE'],
  ['disk without a volume', 'virtual-machine.yaml', '- name: cloud-init\n              disk', '- name: seed\n              disk', 'KUBEVIRT_UNMATCHED_NAME'],
  ['network without an interface', 'virtual-machine.yaml', '- name: cell\n          pod', '- name: other\n          pod', 'KUBEVIRT_UNMATCHED_NAME'],
  ['two probes', 'virtual-machine.yaml', 'readinessProbe:', 'readinessProbe:\n        guestAgentPing: {}', 'KUBEVIRT_NOT_EXACTLY_ONE'],
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
  ['long cloud-init', 'virtual-machine.yaml', 'networkDataSecretRef:\n              name: ${machine.cloudInit}', `networkData: ${'a'.repeat(2049)}`, 'KUBEVIRT_CLOUD_INIT'],
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
  expect(Math.abs(line - lineOf(text, to))).toBeLessThanOrEqual(6);
});
