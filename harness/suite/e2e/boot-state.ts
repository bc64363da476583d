import path from 'node:path';
import { z } from 'zod';
import type { ClusterDeployment } from '../../../lifecycle/cluster-deployment.ts';
import type { Host } from '../check.ts';
import { must } from './machine.ts';
import { playbookVariables } from './playbook-data.ts';

/** What runs `multi-user.target` at boot: bootup(7). */
const TARGETS = ['multi-user.target', 'graphical.target'];

/** Reads what systemd will do at the next boot. Drop-ins are read as it does: by their names, /etc before /run before /usr. */
const SCRIPT = `import glob, json, os, subprocess, sys
asked = json.load(sys.stdin)
def read(path):
    try:
        return open(path).read()
    except OSError:
        return ''
def drop_ins(name):
    found = {}
    for directory in ['/usr/lib', '/usr/local/lib', '/run', '/etc']:
        directory = os.path.join(directory, name)
        for file in os.listdir(directory) if os.path.isdir(directory) else []:
            found[file] = os.path.join(directory, file)
    return '\\n'.join(read(found[file]) for file in sorted(found) if file.endswith('.conf'))
def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
services = {unit + '.service': unit for unit in asked['units']}
properties = '--property=Id,LoadState,UnitFileState,ExecStartPre'
blocks = run('systemctl', 'show', properties, *services, 'swap.target', 'kubelet.service').strip().split('\\n\\n')
shown = {block['Id']: block for block in [dict(line.split('=', 1) for line in text.splitlines() if '=' in line) for text in blocks]}
fstab = [line.split() for line in read('/etc/fstab').splitlines() if not line.lstrip().startswith('#')]
swaps = [words[0] for words in fstab if len(words) > 3 and words[2] == 'swap' and 'noauto' not in words[3].split(',')]
# What generators made at the last boot, of zram devices and swap partitions, they make again; theirs of fstab are above.
enabled = [os.path.basename(path) for directory in ['/etc/systemd/system', '/run/systemd/generator*'] for kind in ['wants', 'requires']
           for path in glob.glob(directory + '/*.' + kind + '/*.swap') if 'SourcePath=/etc/fstab' not in read(path)]
print(json.dumps({
    'units': {unit: shown[id] for id, unit in services.items() if id in shown},
    'target': run('systemctl', 'get-default').strip(),
    'container': any(entry.startswith('container=') for entry in read('/proc/1/environ').split('\\0')),
    'swaps': [line.split()[0] for line in read('/proc/swaps').splitlines()[1:]],
    'swapsAtBoot': ['/etc/fstab: ' + name for name in swaps] + enabled,
    'swapOff': shown.get('swap.target', {}).get('LoadState') == 'masked' or 'swapoff' in shown.get('kubelet.service', {}).get('ExecStartPre', ''),
    'sysctls': {name: read('/proc/sys/' + name.replace('.', '/')).split() for name in asked['sysctls']},
    'sysctlFiles': drop_ins('sysctl.d'),
    'moduleFiles': drop_ins('modules-load.d'),
    'features': [name for name, proof in asked['features'].items() if os.path.exists(proof) or os.path.isdir('/sys/module/' + name)]}))
`;

const unitState = z.object({ LoadState: z.string(), UnitFileState: z.string().default('') });
const answer = z.object({
  units: z.record(z.string(), unitState),
  target: z.string(),
  /** Whether the kernel, and with it the swap, is that of a machine below. */
  container: z.boolean(),
  swaps: z.array(z.string()),
  swapsAtBoot: z.array(z.string()),
  /** Whether something takes back at boot what `swapsAtBoot` switches on. */
  swapOff: z.boolean(),
  /** Words of each live value. */
  sysctls: z.record(z.string(), z.array(z.string())),
  /** All files, in the order in which they are read. */
  sysctlFiles: z.string(),
  moduleFiles: z.string(),
  /** Names of those that the kernel has now. */
  features: z.array(z.string()),
});
export type BootState = z.infer<typeof answer>;

export interface Wanted {
  /** Services that must come back. */
  readonly units: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** Kernel module to a path that is there when it is. */
  readonly features: Readonly<Record<string, string>>;
}

interface Service {
  readonly name: string;
}

/** What the playbooks make of a machine with these roles, for its next boot. */
export function wantedAtBoot({ spec }: ClusterDeployment, { roles }: Pick<Host, 'roles'>): Wanted {
  const roleVariables = (role: string, file = 'main.yml') => playbookVariables(path.join('roles', role, 'vars', file));
  const named = (services: unknown) => (services as readonly Service[]).map(({ name }) => name);
  const [kernel, node, engine, controlPlane] = [roleVariables('pre_install'), roleVariables('node'), roleVariables('container_engine'), roleVariables('control_plane', 'main/services.yml')];
  const sysctls = (kind: 'common' | 'ipv6') => kernel[`pre_install_${kind}_sysctls`] as Wanted['sysctls'];
  const has = (role: string) => roles.includes(role);
  const units = [
    ...(has('etcd') ? named(roleVariables('etcd')['etcd_services']) : []),
    ...(has('control-plane') ? named([...controlPlane['control_plane_api_services'] as Service[], ...controlPlane['control_plane_client_services'] as Service[]]) : []),
    ...(has('control-plane') && spec.controlPlane.endpoint.type === 'virtual-address' ? named(roleVariables('api_endpoint')['api_endpoint_services']) : []),
    ...(has('control-plane') || has('worker') ? [
      ...named((engine['container_engine_services'] as Record<string, unknown>)[spec.runtime.name]),
      ...named([node['node_kubelet_service'], node['node_proxy_service']]),
      ...(['host-gw', 'vxlan'].includes(spec.network.plugin) ? ['pod-network'] : []),
    ] : []),
  ];
  const features = kernel['pre_install_features'] as readonly { name: string; proof: string }[];
  return {
    units,
    sysctls: { ...sysctls('common'), ...(spec.network.podCIDR.includes(':') ? sysctls('ipv6') : {}) },
    features: Object.fromEntries(features.map(({ name, proof }) => [name, proof])),
  };
}

export async function readBootState(host: Host, wanted: Wanted): Promise<BootState> {
  const input = JSON.stringify({ ...wanted, sysctls: Object.keys(wanted.sysctls) });
  return answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT], { input })));
}

/** What the running kernel has not. */
export function kernelComplaints(wanted: Wanted, state: BootState): string[] {
  return [
    ...Object.entries(wanted.sysctls).flatMap(([name, value]) => {
      const live = state.sysctls[name]?.join(' ') ?? '';
      return live === value ? [] : [`${name} is ${live || 'missing'}, expected ${value}`];
    }),
    ...Object.keys(wanted.features).filter((name) => !state.features.includes(name)).map((name) => `the kernel has no ${name}`),
  ];
}

/** What will not be there after the next boot, or will be there again. */
export function bootComplaints(wanted: Wanted, state: BootState): string[] {
  const modules = linesOf(state.moduleFiles);
  return [
    ...wanted.units.flatMap((unit) => unitComplaint(unit, state.units[unit])),
    ...(TARGETS.includes(state.target) ? [] : [`boots into ${state.target}, which starts no services`]),
    ...(state.container ? [] : state.swaps.map((swap) => `swaps to ${swap}`)),
    ...(state.swapOff ? [] : state.swapsAtBoot.map((swap) => `swap comes back at boot: ${swap}`)),
    ...Object.entries(wanted.sysctls).flatMap(([name, value]) => {
      const stored = storedSysctl(state.sysctlFiles, name);
      return stored === value ? [] : [`${name} will be ${stored ?? 'what the kernel has by default'}, expected ${value}`];
    }),
    ...Object.keys(wanted.features).filter((name) => !modules.includes(name)).map((name) => `${name} is not loaded at boot`),
  ];
}

function unitComplaint(unit: string, { LoadState: load, UnitFileState: file } = { LoadState: 'not-found', UnitFileState: '' }): string[] {
  if (load === 'masked' || file.startsWith('masked')) return [`${unit} is masked`];
  return file === 'enabled' ? [] : [`${unit} is ${file || load}, and does not start at boot`];
}

/** Another name for the same switch of the kernel: ip-sysctl of its documentation. */
const ALIASES: Readonly<Record<string, string>> = { 'net.ipv4.conf.all.forwarding': 'net.ipv4.ip_forward' };

/** The value that systemd-sysctl gives in the end: the last that names it, else the last whose pattern matches. sysctl.d(5) */
export function storedSysctl(files: string, name: string): string | undefined {
  const settings = linesOf(files).flatMap((line) => {
    const [, key = '', value = ''] = /^-?([^=]+?)\s*=\s*(.*)$/.exec(line) ?? [];
    const plain = dotted(key);
    return key === '' ? [] : [{ key: ALIASES[plain] ?? plain, value: value.split(/\s+/).join(' ') }];
  });
  const named = settings.filter(({ key }) => key === name).at(-1);
  return (named ?? settings.filter(({ key }) => key.includes('*') && matches(key, name)).at(-1))?.value;
}

function matches(pattern: string, name: string): boolean {
  const expression = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)).join('[^.]*');
  return new RegExp(`^${expression}$`).test(name);
}

/** Where a name starts with slashes, they part it and dots are letters. */
function dotted(key: string): string {
  return /^[^./]*\//.test(key) ? key.replaceAll(/[./]/g, (sign) => (sign === '/' ? '.' : '/')) : key;
}

function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^[#;]/.test(line));
}
