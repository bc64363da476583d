import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const playbooks = path.resolve('playbooks');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'complaints-'));
});
afterEach(() => rm(directory, { recursive: true }));

interface Machine {
  readonly address: string;
  /** Of the spec of the document. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Facts. */
  readonly machine: Readonly<Record<string, unknown>>;
}

const network = { plugin: 'vxlan', podCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16', proxyMode: 'iptables', policy: { type: 'none' } };
const spec = {
  kubernetes: { version: '1.37.2' },
  runtime: { name: 'containerd', pauseImage: 'pause:1' },
  controlPlane: { endpoint: { type: 'direct', port: 6443 } },
  network,
};
const facts = (address: string) => ({
  container: 'docker',
  memory_mib: 4000,
  disk_free_mib: 20_000,
  machine_id: '0123456789abcdef0123456789abcdef',
  time: Date.now() / 1000,
  os: { id: 'debian', version_id: '12', name: 'Debian 12' },
  interfaces: { eth0: { addresses: [address], mtu: 1500 } },
});

/** A machine in order, with another spec or other facts. */
function machineAt(address: string, changed: { readonly spec?: object; readonly network?: object; readonly machine?: object } = {}): Machine {
  return { address, spec: { ...spec, ...changed.spec, network: { ...network, ...changed.network } }, machine: { ...facts(address), ...changed.machine } };
}

/** What a role has to say about each machine: its variables, evaluated by Ansible with these documents and facts. */
async function complaints(role: 'bootstrap_os' | 'pre_install', machines: Readonly<Record<string, Machine>>): Promise<Record<string, string[]>> {
  const names = Object.keys(machines);
  const hosts = Object.fromEntries(
    Object.entries(machines).map(([name, { address, machine, spec: own }]) => [
      name,
      { ansible_connection: 'local', ansible_host: address, found: machine, cluster: { metadata: { name: 'c' }, spec: { machines: names.map((each) => ({ name: each })), ...own } } },
    ]),
  );
  const group = { hosts: Object.fromEntries(names.map((name) => [name, {}])) };
  await mkdir(path.join(directory, 'said'));
  await writeFile(path.join(directory, 'inventory.json'), JSON.stringify({ all: { hosts, children: { etcd: group, control_plane: group, worker: { hosts: {} } } } }));
  await symlink(path.join(playbooks, 'group_vars'), path.join(directory, 'group_vars'));
  const play = {
    hosts: 'all',
    gather_facts: false,
    vars_files: ['defaults', 'vars'].map((kind) => path.join(playbooks, 'roles', role, kind, 'main.yml')),
    tasks: [
      { 'ansible.builtin.set_fact': { machine: '{{ found }}', cacheable: true } },
      { 'ansible.builtin.copy': { dest: `${directory}/said/{{ inventory_hostname }}`, content: `{{ ${role}_complaints | to_json }}` } },
    ],
  };
  await writeFile(path.join(directory, 'play.yml'), JSON.stringify([play]));
  await execa('ansible-playbook', ['-i', path.join(directory, 'inventory.json'), path.join(directory, 'play.yml')], { env: { ANSIBLE_CONFIG: path.join(playbooks, 'ansible.cfg') } });
  const said = names.map(async (name) => [name, JSON.parse(await readFile(path.join(directory, 'said', name), 'utf8')) as string[]] as const);
  return Object.fromEntries(await Promise.all(said));
}

describe('before anything changes, pre-install', () => {
  test('says of every machine what is wrong with it, and of one in order nothing', async () => {
    const said = await complaints('pre_install', {
      fine: machineAt('10.0.0.1'),
      'fine-too': machineAt('10.0.0.17', { machine: { container: '' } }),
      unknown: machineAt('10.0.0.2', { spec: { machines: [{ name: 'other' }] } }),
      elsewhere: machineAt('10.0.0.3', { machine: { interfaces: { eth0: { addresses: ['10.0.9.9'], mtu: 1500 } } } }),
      narrow: machineAt('10.0.0.4', { network: { podCIDR: '10.244.0.0/26' } }),
      overlapping: machineAt('10.0.0.5', { network: { serviceCIDR: '10.244.128.0/20' } }),
      covered: machineAt('10.0.0.6', { network: { podCIDR: '10.0.0.0/16' } }),
      family: machineAt('10.0.0.7', { network: { podCIDR: 'fd00:1::/48', serviceCIDR: 'fd00:2::/112' } }),
      single: machineAt('10.0.0.8', { network: { podCIDR: '10.244.0.0/16,fd00:1::/48', serviceCIDR: '10.96.0.0/16,fd00:2::/112' } }),
      engine: machineAt('10.0.0.9', { spec: { runtime: { name: 'docker', pauseImage: 'pause:1' } } }),
      proxy: machineAt('10.0.0.10', { network: { proxyMode: 'ipvs2' } }),
      policy: machineAt('10.0.0.11', { spec: { kubernetes: { version: '1.20.2' } }, network: { policy: { type: 'kube-router' } } }),
      policy6: machineAt('10.0.0.12', { network: { podCIDR: '10.244.0.0/16,fd00:1::/48', policy: { type: 'kube-router' } }, machine: { interfaces: { eth0: { addresses: ['10.0.0.12', 'fd00::12'], mtu: 1500 } } } }),
      small: machineAt('10.0.0.13', { machine: { memory_mib: 900 } }),
      full: machineAt('10.0.0.14', { machine: { disk_free_mib: 100 } }),
      twice: machineAt('10.0.0.15', { machine: { memory_mib: 900, disk_free_mib: 100 } }),
      families: machineAt('10.0.0.16', { spec: { kubernetes: { version: '1.19.0' } }, network: { podCIDR: '10.244.0.0/16,fd00:1::/48' }, machine: { interfaces: { eth0: { addresses: ['10.0.0.16', 'fd00::16'], mtu: 1500 } } } }),
    });
    expect.soft(said['fine']).toEqual([]);
    expect.soft(said['fine-too']).toEqual([]);
    expect.soft(said['unknown']).toEqual([expect.stringMatching(/^the inventory and spec\.machines name different machines: only the document has \['other'\], only the inventory \['fine', 'fine-too', 'unknown', .*\]$/)]);
    expect.soft(said['elsewhere']).toEqual([expect.stringMatching(/^elsewhere has the addresses \['10\.0\.9\.9'\] and not 10\.0\.0\.3: .* as spec\.machines\[\]\.address in the ClusterDeployment$/)]);
    expect.soft(said['narrow']).toEqual(['spec.network.podCIDR 10.244.0.0/26 has no /30 for each of 17 machines; use a wider one']);
    expect.soft(said['overlapping']).toEqual([expect.stringMatching(/^spec\.network\.podCIDR 10\.244\.0\.0\/16, serviceCIDR 10\.244\.128\.0\/20 and the addresses \[.*\] overlap; choose networks apart/)]);
    expect.soft(said['covered']).toEqual([expect.stringMatching(/^spec\.network\.podCIDR 10\.0\.0\.0\/16, .* overlap; choose networks apart/)]);
    expect.soft(said['family']).toEqual([expect.stringMatching(/are not of the family of 10\.0\.0\.7; change their order, or the address$/)]);
    expect.soft(said['single']).toEqual(['the cluster is dual-stack, and single has beside 10.0.0.8 the addresses [] of the other family instead of one; give it exactly one on the same interface']);
    expect.soft(said['engine']).toEqual(['a kubelet 1.37.2 cannot drive docker by itself; use spec.runtime.name containerd']);
    expect.soft(said['proxy']).toEqual([expect.stringMatching(/^kube-proxy 1\.37\.2 has no mode ipvs2; use spec\.network\.proxyMode iptables or .*nftables/)]);
    expect.soft(said['policy']).toEqual(['kube-router needs an API that Kubernetes 1.20.2 does not serve; use spec.network.policy.type none']);
    expect.soft(said['policy6']).toEqual(['kube-router 2.1.0 enforces no policies over IPv6; use spec.network.policy.type none, or IPv4 alone']);
    expect.soft(said['small']).toEqual(['small has 900 MiB of memory, as etcd, control_plane it needs 1700 MiB']);
    expect.soft(said['full']).toEqual(['full has 100 MiB free below /var/lib, it needs 4096 MiB']);
    expect.soft(said['twice']).toHaveLength(2);
    expect.soft(said['families']).toEqual(['Kubernetes 1.19.0 has no dual-stack clusters; use one network in spec.network.podCIDR and in serviceCIDR']);
  });

  test('says that two machines have one address', async () => {
    const said = await complaints('pre_install', { one: machineAt('10.0.0.1'), two: machineAt('10.0.0.1') });
    const complaint = "two machines have one address: ['10.0.0.1', '10.0.0.1']; correct ansible_host in the inventory, or give spec.machines[].address";
    expect.soft(said).toEqual({ one: [complaint], two: [complaint] });
  });
});

test('bootstrap-os says what is wrong with a machine', async () => {
  const id = (letter: string) => letter.repeat(32);
  const said = await complaints('bootstrap_os', {
    fine: machineAt('10.0.0.1', { machine: { machine_id: id('a') } }),
    system: machineAt('10.0.0.2', { machine: { machine_id: id('b'), os: { id: 'alpine', version_id: '3.20', name: 'Alpine 3.20' } } }),
    clock: machineAt('10.0.0.3', { machine: { machine_id: id('c'), time: Date.now() / 1000 - 900 } }),
    twin: machineAt('10.0.0.4', { machine: { machine_id: id('d') } }),
    brother: machineAt('10.0.0.5', { machine: { machine_id: id('d') } }),
    nameless: machineAt('10.0.0.6', { machine: { machine_id: '' } }),
  });
  expect(said['fine']).toEqual([]);
  expect(said['system']).toEqual([expect.stringMatching(/^runs Alpine 3\.20, which is not supported; supported are \{.*debian/)]);
  expect(said['clock']).toEqual([expect.stringMatching(/^has a clock that is 9\d\d\.\d s away from the runner's; synchronise it$/)]);
  expect(said['twin']).toEqual([expect.stringMatching(/^has the machine-id 'd{32}', and so has brother; empty \/etc\/machine-id/)]);
  expect(said['brother']).toEqual([expect.stringMatching(/and so has twin;/)]);
  expect(said['nameless']).toEqual([expect.stringMatching(/^has the machine-id '', and so has nobody;/)]);
});
