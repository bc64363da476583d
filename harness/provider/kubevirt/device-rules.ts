import type { Path } from '../../../lifecycle/location.ts';
import type { Problem } from '../../matrix/problem.ts';
import type { Disk, VirtualMachine, Volume } from './objects.ts';
import { DNS_LABEL } from './syntax.ts';

const SPEC: Path = ['spec', 'template', 'spec'];
const DEVICES: Path = [...SPEC, 'domain', 'devices'];

/** More must be in a secret: validateVolumes in KubeVirt's webhook. Bytes. */
const INLINE_LIMIT = 2048;
const SERIAL_LIMIT = 256;

/** What KubeVirt's webhook refuses about single disks, interfaces and networks. (pkg/storage/admitters, pkg/network/admitter) */
export function deviceProblems(machine: VirtualMachine): Problem[] {
  return [...diskProblems(machine), ...bootProblems(machine), ...interfaceProblems(machine), ...networkProblems(machine), ...cloudInitProblems(machine)];
}

function diskProblems({ spec }: VirtualMachine): Problem[] {
  const { domain, volumes = [] } = spec.template.spec;
  return (domain.devices.disks ?? []).flatMap((disk, index) => {
    const problem = (field: string, what: string, remedy: string): Problem => ({ path: [...DEVICES, 'disks', index, field], code: 'KUBEVIRT_DISK', what: `the disk ${disk.name} ${what}`, remedy });
    const { serial = '' } = disk;
    const targets = (['disk', 'lun', 'cdrom'] as const).filter((target) => disk[target] !== undefined);
    const volume = volumes.find(({ name }) => name === disk.name);
    return [
      ...(DNS_LABEL.test(disk.name) ? [] : [problem('name', 'becomes a container in the pod, which cannot be called so', 'use at most 63 lower-case letters, digits and hyphens')]),
      ...(serial === '' || (/^[A-Za-z0-9_.+-]+$/.test(serial) && serial.length <= SERIAL_LIMIT) ? [] : [problem('serial', 'cannot have this serial number', `use at most ${SERIAL_LIMIT} letters, digits and _.+-`)]),
      ...targets.slice(1).map((target) => problem(target, `is both a ${targets[0]} and a ${target}`, 'keep one of them')),
      ...(disk['lun'] !== undefined && volume !== undefined && volume.dataVolume === undefined && volume.persistentVolumeClaim === undefined ? [problem('lun', 'is no claim, and only claims can be a lun', 'make it a disk')] : []),
      ...(isReadOnlySata(disk) ? [problem('disk', 'is read-only on the bus sata, which has no such disks', 'use virtio')] : []),
    ];
  });
}

function isReadOnlySata({ disk }: Disk): boolean {
  const { bus, readonly: readOnly } = (disk ?? {}) as { readonly bus?: string; readonly readonly?: boolean };
  return bus === 'sata' && readOnly === true;
}

/** Disks and interfaces are one order. */
function bootProblems({ spec }: VirtualMachine): Problem[] {
  const { disks = [], interfaces = [] } = spec.template.spec.domain.devices;
  const places = [
    ...disks.map(({ bootOrder }, index) => ({ order: bootOrder, path: [...DEVICES, 'disks', index, 'bootOrder'] })),
    ...interfaces.map((device, index) => ({ order: device['bootOrder'] as number | undefined, path: [...DEVICES, 'interfaces', index, 'bootOrder'] })),
  ].filter(({ order }) => order !== undefined);
  return places.flatMap(({ order = 0, path }, index) => {
    if (!Number.isInteger(order) || order < 1) return [{ path, code: 'KUBEVIRT_BOOT_ORDER', what: `${order} is no place in the boot order`, remedy: 'count from 1' }];
    if (places.findIndex((other) => other.order === order) === index) return [];
    return [{ path, code: 'KUBEVIRT_BOOT_ORDER', what: `two devices are to be booted as number ${order}`, remedy: 'give each its own number' }];
  });
}

function interfaceProblems({ spec }: VirtualMachine): Problem[] {
  const { interfaces = [] } = spec.template.spec.domain.devices;
  return interfaces.flatMap(({ name, macAddress = '' }, index) => {
    const problem = (field: string, what: string, remedy: string): Problem => ({ path: [...DEVICES, 'interfaces', index, field], code: 'KUBEVIRT_INTERFACE', what, remedy });
    return [
      ...(/^[A-Za-z0-9_-]+$/.test(name) ? [] : [problem('name', `an interface cannot be called ${JSON.stringify(name)}`, 'use letters, digits, hyphens and underscores')]),
      ...(interfaces.findIndex((other) => other.name === name) === index ? [] : [problem('name', `two interfaces are in the network ${name}`, 'keep one of them')]),
      ...(macAddress === '' || /^[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})$/.test(macAddress) ? [] : [problem('macAddress', `${macAddress} is no MAC address of six bytes`, 'write it as 02:00:00:00:00:01')]),
    ];
  });
}

function networkProblems({ spec }: VirtualMachine): Problem[] {
  const { networks = [] } = spec.template.spec;
  const isDefault = ({ pod, multus }: (typeof networks)[number]) => pod !== undefined || multus?.default === true;
  return networks.flatMap((network, index) => {
    const problem = (what: string, remedy: string): Problem => ({ path: [...SPEC, 'networks', index], code: 'KUBEVIRT_NETWORK', what, remedy });
    return [
      ...(networks.findIndex(({ name }) => name === network.name) === index ? [] : [problem(`the network ${network.name} stands twice`, 'keep one of them')]),
      ...(isDefault(network) && networks.findIndex(isDefault) !== index ? [problem(`${network.name} is a second network that is the pod's`, 'keep one pod network, or one default of Multus')] : []),
      ...(network.multus?.networkName === '' ? [problem(`${network.name} names no network of Multus`, 'say networkName: namespace/name')] : []),
    ];
  });
}

function cloudInitProblems({ spec }: VirtualMachine): Problem[] {
  return (spec.template.spec.volumes ?? []).flatMap(({ cloudInitNoCloud }: Volume, index) => {
    if (cloudInitNoCloud === undefined) return [];
    const path = [...SPEC, 'volumes', index, 'cloudInitNoCloud'];
    const given = cloudInitNoCloud as Readonly<Record<string, unknown>>;
    const kinds = [['userData', 'userDataBase64', 'secretRef'], ['networkData', 'networkDataBase64', 'networkDataSecretRef']].map((keys) => keys.filter((key) => given[key] !== undefined));
    return [
      ...kinds.filter((present) => present.length > 1).map((present) => ({ path, code: 'KUBEVIRT_CLOUD_INIT', what: `${present.join(' and ')} exclude each other`, remedy: 'keep one of them' })),
      ...(kinds.flat().length === 0 ? [{ path, code: 'KUBEVIRT_CLOUD_INIT', what: 'there is no document of cloud-init in it', remedy: 'name a secret' }] : []),
      ...kinds.flat().filter((key) => inlineBytes(key, given[key]) > INLINE_LIMIT).map((key) => ({ path: [...path, key], code: 'KUBEVIRT_CLOUD_INIT', what: `${key} has more than ${INLINE_LIMIT} bytes`, remedy: 'put it into the secret' })),
    ];
  });
}

function inlineBytes(key: string, value: unknown): number {
  return typeof value === 'string' ? Buffer.from(value, key.endsWith('Base64') ? 'base64' : 'utf8').length : 0;
}
