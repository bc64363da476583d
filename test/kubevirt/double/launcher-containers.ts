import { quantity } from './quantity.ts';

const MEBIBYTE = 2 ** 20;

interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly resources: Resources;
}

interface Spec {
  readonly domain: {
    readonly cpu?: { readonly cores?: number; readonly sockets?: number; readonly threads?: number };
    readonly memory?: { readonly guest?: string };
    readonly resources?: Resources;
    readonly devices: { readonly autoattachGraphicsDevice?: boolean; readonly logSerialConsole?: boolean };
  };
  readonly readinessProbe?: { readonly exec?: object };
  readonly livenessProbe?: { readonly exec?: object };
  readonly volumes?: readonly { readonly name: string; readonly containerDisk?: object }[];
}

/**
 * The containers of a virt-launcher pod, with the memory that KubeVirt adds to the machine's own: GetMemoryOverhead,
 * WithMemoryOverhead, resourcesForSerialConsoleLogContainer and the side containers of container disks (1.1 and newer, amd64).
 */
export function launcherContainers(instance: object): Container[] {
  const { domain, readinessProbe, livenessProbe, volumes = [] } = instance as Spec;
  const { requests = {}, limits = {} } = domain.resources ?? {};
  const guaranteed = ['cpu', 'memory'].every((name) => limits[name] !== undefined && quantity(limits[name]) === quantity(requests[name] ?? limits[name]));
  const { cores = 1, sockets = 1, threads = 1 } = domain.cpu ?? {};
  const probes = [readinessProbe, livenessProbe].filter((probe) => probe?.exec !== undefined).length;
  const overhead =
    quantity(requests['memory'] ?? domain.memory?.guest ?? '0') / 512 +
    (25 + 100 + 25 + 40 + 30 + 8 + 8 * cores * sockets * threads) * MEBIBYTE +
    (domain.devices.autoattachGraphicsDevice === false ? 0 : 32) * MEBIBYTE +
    (probes > 0 ? 100 + 10 * probes : 0) * MEBIBYTE +
    (guaranteed ? 100 : 0) * MEBIBYTE;
  const withOverhead = (resources: Readonly<Record<string, string>>) =>
    resources['memory'] === undefined ? resources : { ...resources, memory: String(Math.floor(quantity(resources['memory']) + overhead)) };
  const side = (name: string, least: Record<string, string>, most: Record<string, string>): Container =>
    ({ name, image: 'virt-launcher', resources: { requests: guaranteed ? most : least, limits: most } });
  return [
    { name: 'compute', image: 'virt-launcher', resources: { requests: withOverhead(requests), limits: withOverhead(limits) } },
    ...(domain.devices.logSerialConsole === true ? [side('guest-console-log', { cpu: '5m', memory: '35M' }, { cpu: '15m', memory: '60M' })] : []),
    ...volumes.filter(({ containerDisk }) => containerDisk !== undefined)
      .map(({ name }) => side(`volume${name}`, { cpu: '1m', memory: '1M' }, { cpu: guaranteed ? '10m' : '100m', memory: '40M' })),
  ];
}
