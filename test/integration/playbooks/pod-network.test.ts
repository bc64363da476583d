import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = path.resolve('playbooks/roles/network_plugin/files/pod-network');
/** Calls a verb of the script with settings from standard input instead of its file. */
const PROGRAM = `import importlib.machinery, importlib.util, json, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("pod_network", sys.argv[1])
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pod_network", loader))
loader.exec_module(module)
getattr(module, sys.argv[2])(json.load(sys.stdin))`;
const LISTEN = `import socket
server = socket.create_server(("::", 8099), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
while True:
    client, address = server.accept()
    client.send(address[0].removeprefix("::ffff:").encode())
    client.close()`;
const ASK = `import socket, sys
client = socket.create_connection((sys.argv[1], 8099), timeout=3, source_address=(sys.argv[2], 0))
print(client.recv(99).decode())`;

/** Two network namespaces with a cable between them are the machines; the address of the bridge stands for a pod. */
const [FIRST, SECOND] = [`pg-${process.pid}-1`, `pg-${process.pid}-2`] as const;
const MACHINES = [FIRST, SECOND] as const;
const link = (machine: string) => `${machine.replaceAll('-', '')}e`;
const addresses = (index: number) => [`10.9.0.${index + 1}`, `fd00:9::${index + 1}`];
const pods = (index: number) => [`10.244.${index}.0/24`, `fd00:10:244:${index}::/64`];
const ip = async (...words: readonly string[]) => (await execa('ip', words)).stdout;
const inside = async (machine: string, words: readonly string[], input = '') => (await execa('ip', ['netns', 'exec', machine, ...words], { input })).stdout;

beforeEach(async () => {
  for (const machine of MACHINES) await ip('netns', 'add', machine);
  await ip('link', 'add', link(FIRST), 'netns', FIRST, 'type', 'veth', 'peer', 'name', link(SECOND), 'netns', SECOND);
  for (const [index, machine] of MACHINES.entries()) {
    const on = async (...words: readonly string[]) => ip('-n', machine, ...words);
    await on('link', 'add', 'cni0', 'type', 'bridge');
    const [first, second] = addresses(index);
    await on('address', 'add', `${first}/24`, 'dev', link(machine));
    await on('address', 'add', `${second}/64`, 'dev', link(machine), 'nodad');
    await on('address', 'add', `10.244.${index}.1/24`, 'dev', 'cni0');
    await on('address', 'add', `fd00:10:244:${index}::1/64`, 'dev', 'cni0', 'nodad');
    for (const device of ['lo', 'cni0', link(machine)]) await on('link', 'set', device, 'up');
  }
});
afterEach(async () => {
  for (const machine of MACHINES) await ip('netns', 'delete', machine);
});

const settings = (mode: string, index: number, families: number, peers: readonly number[]) => JSON.stringify({
  mode, mtu: 1450, vxlan_id: 7, vxlan_port: 4789,
  addresses: addresses(index).slice(0, families),
  own_networks: pods(index).slice(0, families),
  cluster_networks: ['10.244.0.0/16', 'fd00:10:244::/56'].slice(0, families),
  peers: peers.map((peer) => ({ name: `m${peer}`, addresses: addresses(peer).slice(0, families), networks: pods(peer).slice(0, families) })),
});
const run = async (verb: string, machine: string, given: string) => inside(machine, ['python3', '-c', PROGRAM, SCRIPT, verb], given);
const routes = async (machine: string) => `${await ip('-n', machine, '-4', 'route', 'show', 'proto', '200')}\n${await ip('-n', machine, '-6', 'route', 'show', 'proto', '200')}`;

test.each(['host-gw', 'vxlan'])('%s joins the pods of two machines over both families, under their own addresses', async (mode) => {
  for (const [index, machine] of MACHINES.entries()) {
    for (const _ of ['first', 'again']) await run('apply', machine, settings(mode, index, 2, [1 - index]));
  }
  const server = execa('ip', ['netns', 'exec', SECOND, 'python3', '-c', LISTEN]);
  const ended = server.catch(() => undefined);
  try {
    await new Promise((resolve) => void server.stdout.once('data', resolve));
    expect(await inside(FIRST, ['python3', '-c', ASK, '10.244.1.1', '10.244.0.1'])).toBe('10.244.0.1');
    expect(await inside(FIRST, ['python3', '-c', ASK, 'fd00:10:244:1::1', 'fd00:10:244::1'])).toBe('fd00:10:244::1');
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
});

test('what an earlier list of machines left goes, of both families', async () => {
  await run('apply', FIRST, settings('host-gw', 0, 2, [1]));
  expect(await routes(FIRST)).toMatch(/10\.244\.1\.0\/24 via 10\.9\.0\.2 .*fd00:10:244:1::\/64 via fd00:9::2 /s);
  await run('apply', FIRST, settings('host-gw', 0, 2, []));
  expect((await routes(FIRST)).trim()).toBe('');
});

test.each(['host-gw', 'vxlan'])('%s is taken back whole', async (mode) => {
  await run('apply', FIRST, settings(mode, 0, 2, [1]));
  await run('remove', FIRST, settings(mode, 0, 2, [1]));
  expect((await routes(FIRST)).trim()).toBe('');
  expect(await ip('-n', FIRST, 'link', 'show')).not.toContain('pod-vxlan');
  for (const program of ['iptables-save', 'ip6tables-save']) expect(await inside(FIRST, [program])).not.toContain('PROOFGRID');
});

test('one family lays nothing of the other', async () => {
  await run('apply', FIRST, settings('host-gw', 0, 1, [1]));
  expect((await routes(FIRST)).trim()).toMatch(/^10\.244\.1\.0\/24 via 10\.9\.0\.2 dev \S+$/);
  expect(await inside(FIRST, ['ip6tables-save'])).not.toContain('PROOFGRID');
});
