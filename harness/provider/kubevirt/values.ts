import { createHash } from 'node:crypto';
import { roleLabel, ANNOTATION, LABEL, machineObjects, MANAGER, namespaceOf } from './names.ts';
import { cellQuota, cpuQuantity, memoryQuantity } from './quota.ts';
import type { CellMachine, CellObjects } from './render.ts';
import { imageOf, type Site, type SiteImage } from './site.ts';
import type { Values } from './template.ts';

export type MachineValues = Values & { readonly labels: Readonly<Record<string, string>> };

/** What all templates of a cell may name. */
export function cellValues(request: CellObjects, site: Site): Values {
  const labels = leaseLabels(request, site);
  return {
    lease: request.lease,
    cell: request.cell,
    site,
    namespace: namespaceOf(request.lease),
    namespaceLabels: { ...site.namespace.labels, ...labels },
    namespaceAnnotations: { ...site.namespace.annotations, ...leaseAnnotations(request) },
    labels,
    quota: cellQuota(request, site),
    runner: { ...(request.runnerPod !== undefined && { pod: request.runnerPod }), peers: runnerPeers(request, site) },
    egress: site.egress.map((ipBlock) => ({ ipBlock })),
    network: networkValues(site),
    dnsPorts: site.dns.ports.flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port }))),
    authorizedKey: request.authorizedKey,
    diskAnnotations: diskAnnotations(site),
  };
}

/** What the templates of one machine may name beside those; the cloud-init documents come later. */
export function machineValues(machine: CellMachine, request: CellObjects, site: Site): MachineValues {
  const { name, roles } = machine;
  const etcd = roles.includes('etcd');
  const image = imageOf(site, request.os);
  const containerDisk = image.type === 'container-disk';
  const address = request.addresses?.machines[name];
  const affinity = spread(machine, request, site);
  return {
    name,
    ...machineObjects(name),
    labels: { ...leaseLabels(request, site), [LABEL.machine]: name, ...Object.fromEntries(roles.map((role) => [roleLabel(role), 'true'])) },
    cores: Math.ceil(machine.cpus),
    cpus: cpuQuantity(machine.cpus),
    requestedCpus: cpuQuantity(machine.cpus / site.cpu.overcommit),
    memory: memoryQuantity(machine.memory),
    ...plugging(machine, site),
    uuid: uuidOf(`${request.lease}/${name}`),
    hostKey: machine.hostKey,
    etcd,
    etcdClaim: etcd && !containerDisk,
    etcdEmptyDisk: etcd && containerDisk,
    ...(containerDisk ? { containerDisk: containerDiskOf(image) } : { rootSource: rootSource(image) }),
    ...(address !== undefined && { address, macAddress: macAddressOf(`${request.lease}/${name}`) }),
    ...(affinity !== undefined && { affinity }),
  };
}

/** Bytes. With less, or between these blocks, KubeVirt plugs no memory and refuses a `maxGuest`. (ValidateLiveUpdateMemory, pkg/liveupdate/memory/memory.go) */
const MIN_PLUGGABLE = 2 ** 30;
const PLUGGABLE_BLOCK = 2 ** 21;

/** No room for what is never plugged in; see docs/decisions/0251. */
function plugging({ memory }: CellMachine, { kubevirtVersion }: Site): Values {
  if (kubevirtVersion === '1.0' || kubevirtVersion === '1.1') return {};
  return { maxSockets: 1, ...(memory >= MIN_PLUGGABLE && memory % PLUGGABLE_BLOCK === 0 && { maxGuest: memoryQuantity(memory) }) };
}

function leaseLabels({ lease, cell, owner }: CellObjects, site: Site): Record<string, string> {
  return { [LABEL.managedBy]: MANAGER, [LABEL.lease]: lease, [LABEL.cell]: cell, [LABEL.run]: owner.run, [LABEL.site]: site.name };
}

function leaseAnnotations({ owner, runnerPod, created, timeToLive, kept, machines }: CellObjects): Record<string, string> {
  return {
    [ANNOTATION.owner]: JSON.stringify({ ...owner, ...(runnerPod !== undefined && { runnerPod }) }),
    [ANNOTATION.created]: created.toISOString(),
    [ANNOTATION.heartbeat]: created.toISOString(),
    [ANNOTATION.expires]: new Date(created.getTime() + timeToLive).toISOString(),
    [ANNOTATION.timeToLive]: String(timeToLive),
    [ANNOTATION.kept]: String(kept === true),
    [ANNOTATION.machines]: machines.map(({ name }) => name).join(','),
  };
}

/** The label is on every namespace since Kubernetes 1.21. */
const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

function runnerPeers({ runnerPod }: CellObjects, site: Site): object[] {
  const pods = site.runner.podLabels === undefined ? {} : { matchLabels: site.runner.podLabels };
  return [
    // A runner outside of the cluster comes through KubeVirt's port-forward.
    { namespaceSelector: inNamespace(site.kubevirtNamespace), podSelector: { matchLabels: { 'kubevirt.io': 'virt-api' } } },
    ...(runnerPod === undefined ? [] : [{ namespaceSelector: inNamespace(runnerPod.namespace), podSelector: pods }]),
    ...site.runner.cidrs.map((cidr) => ({ ipBlock: { cidr } })),
  ];
}

function networkValues({ network }: Site): Values {
  if (network.type === 'bridge') return { pod: {}, ...(network.binding === undefined ? { bridge: {} } : { binding: { name: network.binding } }) };
  const { definition, gateway, nameservers } = network;
  return { multus: { networkName: definition }, bridge: {}, nameservers, ...(gateway !== undefined && { gateway }) };
}

/** https://github.com/kubevirt/containerized-data-importer/tree/main/doc: waiting-for-first-consumer, datavolumes (garbage collection). */
function diskAnnotations(site: Site): Record<string, string> {
  return {
    'cdi.kubevirt.io/storage.deleteAfterCompletion': 'false',
    ...(site.storage.bindImmediately && { 'cdi.kubevirt.io/storage.bind.immediate.requested': 'true' }),
  };
}

function rootSource(image: Exclude<SiteImage, { readonly type: 'container-disk' }>): Values {
  const { type, ...rest } = image;
  if (type === 'claim') return { source: { pvc: rest } };
  if (type === 'data-source') return { sourceRef: { kind: 'DataSource', ...rest } };
  return { source: { registry: rest } };
}

function containerDiskOf({ image, imagePullSecret }: Extract<SiteImage, { readonly type: 'container-disk' }>): Values {
  return { image, ...(imagePullSecret !== undefined && { imagePullSecret }) };
}

/** Control planes on nodes of their own: one node that dies must not take the majority with it. */
function spread({ roles }: CellMachine, { lease, machines }: CellObjects, { scheduling }: Site): object | undefined {
  const others = machines.filter((machine) => machine.roles.includes('control-plane'));
  if (!roles.includes('control-plane') || others.length < 2) return undefined;
  const term = {
    labelSelector: { matchLabels: { [LABEL.lease]: lease, [roleLabel('control-plane')]: 'true' } },
    topologyKey: 'kubernetes.io/hostname',
  };
  return scheduling.controlPlanes === 'required'
    ? { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    : { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] } };
}

/** The same again after a power cut; KubeVirt's own choice is the same for equal names in all namespaces. */
function uuidOf(seed: string): string {
  const hash = digest(seed);
  const variant = '89ab'[Number.parseInt(hash[16] ?? '0', 16) % 4] ?? '8';
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/** Locally administered, unicast. */
function macAddressOf(seed: string): string {
  return ['02', ...(digest(seed).slice(0, 10).match(/../g) ?? [])].join(':');
}

function digest(seed: string): string {
  return createHash('sha256').update(seed).digest('hex');
}
