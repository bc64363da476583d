import { isIP } from 'node:net';
import type { ClusterDeployment } from './cluster-deployment.ts';
import type { Path } from './location.ts';
import { isUsable, networkOf, overlap, withoutHostBits, type Network } from './network.ts';
import { networksOf } from './network-families.ts';
import { networkSizeProblems } from './network-size-rules.ts';
import type { Problem } from './problem.ts';

/** A network or an address, where it stands, and what it is for. */
interface Named {
  readonly path: Path;
  readonly name: string;
  readonly text: string;
  readonly network: Network;
}

/** The address of one machine, from the document or from an inventory. */
export interface MachineAddress {
  readonly path: Path;
  readonly machine: string;
  readonly address: string;
}

/** Networks and addresses that cannot all be there at once. */
export function networkProblems(document: ClusterDeployment): Problem[] {
  const [pods, services] = [podsOf(document), servicesOf(document)];
  const endpoints = endpointsOf(document);
  return [
    ...[...pods, ...services].flatMap(hostBits),
    ...[...pods, ...services, ...endpoints].flatMap(unusable),
    ...pairs(pods, services),
    ...services.flatMap((service) => pods.filter(({ network }) => overlap(network, service.network)).map((pod) => overlapping(service, pod))),
    ...endpoints.flatMap((endpoint) => inside(endpoint, [...pods, ...services])),
    // The load balancer of others may speak another family to its clients.
    ...(document.spec.controlPlane.endpoint.type === 'virtual-address' ? endpoints.flatMap((endpoint) => family(endpoint, pods)) : []),
    ...machineAddressProblems(document, ownAddresses(document)),
    ...networkSizeProblems(document),
  ];
}

/** What is wrong with the addresses of machines. */
export function machineAddressProblems(document: ClusterDeployment, addresses: readonly MachineAddress[]): Problem[] {
  const [pods, services] = [podsOf(document), servicesOf(document)];
  const all = addresses.map(({ path, machine, address }) => named(path, `the address of ${machine}`, address));
  const moving = document.spec.controlPlane.endpoint.type === 'virtual-address' ? endpointsOf(document) : [];
  return all.flatMap((address, index) => [
    ...unusable(address),
    ...family(address, pods),
    ...inside(address, [...pods, ...services]),
    ...[...moving, ...all.slice(0, index)].filter(({ network }) => overlap(network, address.network)).slice(0, 1).map((other) => problem(
      address, 'CLUSTER_DUPLICATE', `is ${other.name} too`, 'give each its own')),
  ]);
}

function ownAddresses({ spec: { machines } }: ClusterDeployment): MachineAddress[] {
  return machines.flatMap(({ name, address }, index) => (address === undefined ? [] : [{ path: ['spec', 'machines', index, 'address'], machine: name, address }]));
}

const named = (path: Path, name: string, text: string): Named => ({ path, name, text, network: networkOf(text) });
const podsOf = ({ spec: { network } }: ClusterDeployment) => networksOf(network.podCIDR).map((text) => named(['spec', 'network', 'podCIDR'], 'the pod network', text));
const servicesOf = ({ spec: { network } }: ClusterDeployment) => networksOf(network.serviceCIDR).map((text) => named(['spec', 'network', 'serviceCIDR'], 'the service network', text));

function endpointsOf({ spec: { controlPlane: { endpoint } } }: ClusterDeployment): Named[] {
  const path = ['spec', 'controlPlane', 'endpoint'];
  if (endpoint.type === 'virtual-address') return [named([...path, 'address'], 'the address of the endpoint', endpoint.address)];
  if (endpoint.type === 'external' && isIP(endpoint.host) !== 0) return [named([...path, 'host'], 'the address of the endpoint', endpoint.host)];
  return [];
}

function problem({ path, name, text }: Named, code: string, what: string, remedy: string): Problem {
  return { path, code, what: `${name} ${text} ${what}`, remedy };
}

function hostBits(one: Named): Problem[] {
  if (one.network.exact) return [];
  return [problem(one, 'CLUSTER_NETWORK_HOST_BITS', 'is an address in a network and not a network', `did you mean ${withoutHostBits(one.text)}?`)];
}

function unusable(one: Named): Problem[] {
  if (isUsable(one.network)) return [];
  return [problem(one, 'CLUSTER_ADDRESS_UNUSABLE', 'is, or has, an address that nobody can have: unspecified, loopback, multicast or reserved', 'choose another')];
}

/** What has one address has it of the first family: machines for each other, and the API. */
function family(one: Named, [first]: readonly Named[]): Problem[] {
  if (first === undefined || one.network.family === first.network.family) return [];
  return [problem(one, 'CLUSTER_FAMILIES_MIXED', `is not of the family of the pod network ${first.text}`, 'use IPv4 or IPv6 for all; of a dual-stack pair, write the family of the machines first')];
}

/** kube-apiserver and kube-controller-manager take two networks only where they are of two families. */
function pairs(pods: readonly Named[], services: readonly Named[]): Problem[] {
  const alike = [pods, services].flatMap(([first, second]) => (first !== undefined && second?.network.family === first.network.family
    ? [problem(second, 'CLUSTER_FAMILIES_MIXED', `is of the family of ${first.text}`, 'write one network of IPv4 and one of IPv6')]
    : []));
  if (alike.length > 0) return alike;
  const [one] = services;
  if (one === undefined || services.map(({ network }) => network.family).join() === pods.map(({ network }) => network.family).join()) return [];
  if (services.length === 1 && pods.length === 1) return family(one, pods);
  return [problem({ ...one, text: textOf(services) }, 'CLUSTER_FAMILIES_MIXED', `has not the families of the pod network ${textOf(pods)}`, 'use the same families in the same order')];
}

const textOf = (networks: readonly Named[]) => networks.map(({ text }) => text).join(',');

function overlapping(one: Named, other: Named): Problem {
  return problem(one, 'CLUSTER_NETWORKS_OVERLAP', `overlaps ${other.name} ${other.text}`, 'choose networks apart from each other');
}

function inside(one: Named, networks: readonly Named[]): Problem[] {
  return networks.filter(({ network }) => overlap(network, one.network)).map((other) =>
    problem(one, 'CLUSTER_NETWORKS_OVERLAP', `lies in ${other.name} ${other.text}`, 'choose networks apart from the machines'));
}
