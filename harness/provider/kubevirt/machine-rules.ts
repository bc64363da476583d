import type { Path } from '../../../lifecycle/location.ts';
import type { Problem } from '../../matrix/problem.ts';
import { bytes, cores } from '../../matrix/quantity.ts';
import { deviceProblems } from './device-rules.ts';
import { LABEL, roleLabel } from './names.ts';
import type { Network, RunStrategy, VirtualMachine, Volume } from './objects.ts';
import { MASQUERADE_REFUSED } from './site-rules.ts';
import { DNS_LABEL } from './syntax.ts';

const SPEC: Path = ['spec', 'template', 'spec'];

/** Bindings beside `bridge`; each gives the guest another address than its pod's, or none that others reach. */
const OTHER_BINDINGS = ['slirp', 'passt', 'macvtap', 'sriov'] as const;

/**
 * What KubeVirt's admission refuses about a machine that its schema cannot say (its validating webhook for virtual machine
 * instances), and what a cluster of machines needs. `machine` has passed the check of its shape.
 */
export function machineProblems(machine: VirtualMachine, controlPlanes: number): Problem[] {
  return [
    ...runProblems(machine),
    ...deviceProblems(machine),
    ...interfaceProblems(machine),
    ...volumeProblems(machine),
    ...probeProblems(machine),
    ...resourceProblems(machine),
    ...pluggingProblems(machine),
    ...hostnameProblems(machine),
    ...affinityProblems(machine, controlPlanes),
  ];
}

/** Those with which KubeVirt starts a machine by itself. */
const STARTING: readonly RunStrategy[] = ['Always', 'Once', 'RerunOnFailure'];
/** Labels that nobody but KubeVirt's own accounts may put on a machine. (restrictedVmiLabels in its webhook) */
const RESERVED = ['created-by', 'install-strategy', 'migrationJobUID', 'migrationTargetNodeName', 'nodeName', 'schedulable'].map((label) => `kubevirt.io/${label}`);

function runProblems({ spec }: VirtualMachine): Problem[] {
  const { running } = spec as { readonly running?: boolean };
  const { startStrategy } = spec.template.spec as { readonly startStrategy?: string };
  const labels = Object.keys(spec.template.metadata?.labels ?? {});
  const never = (path: Path, what: string, remedy: string) => rule(path, 'KUBEVIRT_NEVER_RUNS', what, remedy);
  return [
    ...(running === undefined ? [] : [rule(['spec', 'running'], 'KUBEVIRT_NOT_EXACTLY_ONE', 'running and runStrategy exclude each other', 'say runStrategy alone')]),
    ...(STARTING.includes(spec.runStrategy) ? [] : [never(['spec', 'runStrategy'], `nobody would start the machine${(spec.runStrategy as RunStrategy | undefined) === undefined ? '' : ` with the run strategy ${spec.runStrategy}`}`, 'say Once')]),
    ...(startStrategy === undefined ? [] : [never([...SPEC, 'startStrategy'], `the machine would start ${startStrategy.toLowerCase()}, and nobody lets it run`, 'leave it out')]),
    ...labels.filter((label) => RESERVED.includes(label)).map((label) => rule(['spec', 'template', 'metadata', 'labels', label], 'KUBEVIRT_RESERVED_LABEL', `${label} is a label that only KubeVirt may set`, 'use another one')),
  ];
}

function interfaceProblems({ spec }: VirtualMachine): Problem[] {
  const { domain, networks = [] } = spec.template.spec;
  const interfaces = domain.devices.interfaces ?? [];
  const devices = [...SPEC, 'domain', 'devices', 'interfaces'];
  const problems = interfaces.flatMap((device, index): Problem[] => {
    if (device.masquerade !== undefined) return [{ path: [...devices, index, 'masquerade'], ...MASQUERADE_REFUSED }];
    const other = OTHER_BINDINGS.find((binding) => device[binding] !== undefined);
    if (other !== undefined) return [rule([...devices, index, other], 'KUBEVIRT_BINDING', `the binding ${other} is not one that machines of a cluster can have`, 'use bridge')];
    if (device['binding'] !== undefined) return exactlyOne(device, ['bridge', 'binding'], [...devices, index]);
    if (device.bridge === undefined) return [rule([...devices, index], 'KUBEVIRT_BINDING', `the interface ${device.name} has no binding, for which KubeVirt takes masquerade on some clusters`, 'say bridge: {}')];
    return [];
  });
  const unmatched = (from: readonly { name: string }[], to: readonly { name: string }[], path: Path, other: string) =>
    from.flatMap(({ name }, index) => (to.some((each) => each.name === name) ? [] : [rule([...path, index, 'name'], 'KUBEVIRT_UNMATCHED_NAME', `there is no ${other} ${name}`, 'give both the same name')]));
  return [
    ...problems,
    ...(interfaces.length === 0 ? [rule(devices, 'KUBEVIRT_NO_INTERFACE', 'the machine has no interface, for which KubeVirt takes masquerade', 'name one with bridge: {}')] : []),
    ...unmatched(interfaces, networks, devices, 'network'),
    ...unmatched(networks, interfaces, [...SPEC, 'networks'], 'interface'),
    ...networks.flatMap((network, index) => exactlyOne(network, ['pod', 'multus'] satisfies (keyof Network)[], [...SPEC, 'networks', index])),
  ];
}

function volumeProblems({ spec }: VirtualMachine): Problem[] {
  const { domain, volumes = [] } = spec.template.spec;
  const disks = domain.devices.disks ?? [];
  const sources = ['dataVolume', 'persistentVolumeClaim', 'containerDisk', 'emptyDisk', 'cloudInitNoCloud'] satisfies (keyof Volume)[];
  const devices = [...SPEC, 'domain', 'devices', 'disks'];
  return [
    ...disks.flatMap(({ name }, index) => (volumes.some((volume) => volume.name === name) ? [] : [rule([...devices, index, 'name'], 'KUBEVIRT_UNMATCHED_NAME', `there is no volume ${name}`, 'give both the same name')])),
    ...volumes.flatMap((volume, index) => [
      ...(disks.some(({ name }) => name === volume.name) ? [] : [rule([...SPEC, 'volumes', index, 'name'], 'KUBEVIRT_UNMATCHED_NAME', `there is no disk ${volume.name}`, 'give both the same name')]),
      ...exactlyOne(volume, sources, [...SPEC, 'volumes', index]),
    ]),
    ...repeated(disks, devices),
    ...repeated(volumes, [...SPEC, 'volumes']),
  ];
}

function probeProblems({ spec }: VirtualMachine): Problem[] {
  const onPodNetwork = (spec.template.spec.networks ?? []).some(({ pod }) => pod !== undefined);
  return ['readinessProbe', 'livenessProbe'].flatMap((name) => {
    const probe = spec.template.spec[name] as Readonly<Record<string, unknown>> | undefined;
    if (probe === undefined) return [];
    const path = [...SPEC, name];
    const network = ['tcpSocket', 'httpGet'].filter((handler) => probe[handler] !== undefined && !onPodNetwork);
    return [
      ...exactlyOne(probe, ['guestAgentPing', 'exec', 'tcpSocket', 'httpGet'], path),
      ...network.map((handler) => rule([...path, handler], 'KUBEVIRT_PROBE_WITHOUT_POD_NETWORK', `${handler} probes need the pod network, which the machine does not have`, 'use guestAgentPing')),
    ];
  });
}

/** Bytes. */
const LEAST_MEMORY = 1e6;

function resourceProblems({ spec }: VirtualMachine): Problem[] {
  const { memory, resources = {} } = spec.template.spec.domain;
  const { requests = {}, limits = {} } = resources;
  const path = [...SPEC, 'domain', 'resources'];
  const missing = ['cpu', 'memory'].filter((name) => limits[name] === undefined);
  const above = (['cpu', 'memory'] as const).filter((name) => {
    const measure = name === 'cpu' ? cores : bytes;
    return limits[name] !== undefined && requests[name] !== undefined && measure(requests[name]) > measure(limits[name]);
  });
  const guest = memory?.guest;
  const requested = requests['memory'];
  return [
    ...(requested !== undefined && bytes(requested) < LEAST_MEMORY ? [rule([...path, 'requests', 'memory'], 'KUBEVIRT_TOO_LITTLE_MEMORY', `the machine requests ${requested} of memory, and KubeVirt takes none with less than 1M`, 'give it more')] : []),
    ...missing.map((name) => rule(path, 'KUBEVIRT_NO_LIMIT', `the machine has no limit of ${name}, and the cell's quota refuses such pods`, `say limits.${name}`)),
    ...above.map((name) => rule([...path, 'requests', name], 'KUBEVIRT_REQUEST_ABOVE_LIMIT', `the machine requests more ${name} than its limit`, 'raise the limit')),
    ...(guest !== undefined && limits['memory'] !== undefined && bytes(guest) > bytes(limits['memory'])
      ? [rule([...SPEC, 'domain', 'memory', 'guest'], 'KUBEVIRT_GUEST_ABOVE_LIMIT', 'the guest has more memory than its limit', 'raise the limit')]
      : []),
  ];
}

/** Bytes. */
const MIN_PLUGGABLE = 2 ** 30;
const PLUGGABLE_BLOCK = 2 ** 21;

/** What KubeVirt refuses where its rollout strategy is LiveUpdate. (validateLiveUpdateCPU in its webhook; ValidateLiveUpdateMemory, pkg/liveupdate/memory/memory.go) */
function pluggingProblems({ spec }: VirtualMachine): Problem[] {
  const { cpu = {}, memory = {} } = spec.template.spec.domain;
  const path = [...SPEC, 'domain'];
  const { guest, maxGuest } = memory;
  const unpluggable = [guest, maxGuest].some((amount) => amount !== undefined && (bytes(amount) < MIN_PLUGGABLE || bytes(amount) % PLUGGABLE_BLOCK !== 0));
  return [
    ...((cpu.maxSockets ?? 0) > 0 && (cpu.sockets ?? 0) > (cpu.maxSockets ?? 0) ? [rule([...path, 'cpu', 'maxSockets'], 'KUBEVIRT_PLUGGING', 'the machine has more sockets than it may ever have', 'make maxSockets as many')] : []),
    ...(guest !== undefined && maxGuest !== undefined && bytes(guest) > bytes(maxGuest) ? [rule([...path, 'memory', 'maxGuest'], 'KUBEVIRT_PLUGGING', 'the guest has more memory than it may ever have', 'make maxGuest as much')] : []),
    ...(maxGuest !== undefined && unpluggable ? [rule([...path, 'memory', 'maxGuest'], 'KUBEVIRT_PLUGGING', 'KubeVirt takes maxGuest only with at least 1Gi in blocks of 2Mi', 'leave it out, or say maxGuest: ${machine.maxGuest?}')] : []),
  ];
}

/** KubeVirt gives it to the guest, and Kubernetes nodes are named by it. */
function hostnameProblems({ metadata, spec }: VirtualMachine): Problem[] {
  const { hostname } = spec.template.spec;
  if (hostname === metadata.name && DNS_LABEL.test(hostname)) return [];
  if (hostname === metadata.name) return [rule([...SPEC, 'hostname'], 'KUBEVIRT_HOSTNAME', `${hostname} cannot be the name of a host`, 'use at most 63 lower-case letters, digits and hyphens')];
  return [rule([...SPEC, 'hostname'], 'KUBEVIRT_HOSTNAME', `the machine ${metadata.name} would be called ${hostname ?? 'as KubeVirt likes'}`, 'make hostname the name of the machine')];
}

function affinityProblems({ metadata, spec }: VirtualMachine, controlPlanes: number): Problem[] {
  if (controlPlanes < 2 || metadata.labels?.[roleLabel('control-plane')] === undefined) return [];
  const affinity = spec.template.spec['affinity'] as { readonly podAntiAffinity?: object } | undefined;
  if (affinity?.podAntiAffinity !== undefined && JSON.stringify(affinity.podAntiAffinity).includes(LABEL.lease)) return [];
  return [rule([...SPEC, 'affinity'], 'KUBEVIRT_NO_ANTI_AFFINITY', `the control plane ${metadata.name} may stand on the same node as the others, so that one node takes all of them along`, 'keep affinity: ${machine.affinity?}')];
}

function exactlyOne(value: object, keys: readonly string[], path: Path): Problem[] {
  const present = keys.filter((key) => (value as Readonly<Record<string, unknown>>)[key] !== undefined);
  if (present.length === 1) return [];
  const what = present.length === 0 ? `none of ${keys.join(', ')} is there` : `${present.join(' and ')} exclude each other`;
  return [rule(path, 'KUBEVIRT_NOT_EXACTLY_ONE', what, 'say exactly one of them')];
}

function repeated(items: readonly { readonly name: string }[], path: Path): Problem[] {
  const names = items.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [rule([...path, index, 'name'], 'KUBEVIRT_REPEATED_NAME', `${name} stands twice`, 'keep one of them')]);
}

function rule(path: Path, code: string, what: string, remedy: string): Problem {
  return { path, code, what, remedy };
}
