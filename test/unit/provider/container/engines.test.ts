import { expect, test } from 'vitest';
import { dockerCreateWords, dockerEngine, dockerNetworkWords } from '../../../../harness/provider/container/docker.ts';
import type { EngineOutput } from '../../../../harness/provider/container/engine-command.ts';
import { isolationWords } from '../../../../harness/provider/container/podman-isolation.ts';
import { podmanCreateWords, podmanEngine, podmanNetworkWords } from '../../../../harness/provider/container/podman.ts';
import { CONTAINER } from './fixtures.ts';

const NETWORK = {
  name: 'proofgrid-0123456789ab',
  subnet: '10.213.4.0/24',
  range: '10.213.4.0/25',
  gateway: '10.213.4.1',
  labels: { a: 'b' },
};

test('words of podman create', () => {
  expect(podmanCreateWords(CONTAINER)).toMatchInlineSnapshot(`
    [
      "--name",
      "proofgrid-0123456789ab-m1",
      "--hostname",
      "m1",
      "--network",
      "proofgrid-0123456789ab",
      "--ip",
      "10.213.4.10",
      "--mac-address",
      "02:42:0a:d5:04:0a",
      "--pull",
      "never",
      "--privileged",
      "--cgroupns",
      "private",
      "--tty",
      "--stop-signal",
      "SIGRTMIN+3",
      "--restart",
      "no",
      "--pids-limit",
      "-1",
      "--cpus",
      "1.5",
      "--memory",
      "2147483648",
      "--tmpfs",
      "/run:rw,exec,nosuid,nodev,mode=755",
      "--tmpfs",
      "/run/lock:rw,nosuid,nodev,mode=1777",
      "--tmpfs",
      "/tmp:rw,exec,nosuid,nodev,mode=1777",
      "--env",
      "container_uuid=u",
      "--ulimit",
      "nofile=20000:20000",
      "--mount",
      "type=bind,source=/v/etcd,target=/var/lib/etcd",
      "--mount",
      "type=bind,"source=/cache/a,b",target=/opt/seed,readonly",
      "--label",
      "dev.proofgrid.lease=0123456789ab",
      "--entrypoint",
      "/bin/sh",
      "--runtime",
      "runc",
      "--systemd",
      "false",
      "--env",
      "container=podman",
      "--no-hosts",
      "--http-proxy=false",
      "--log-driver",
      "k8s-file",
      "--log-opt",
      "max-size=16mb",
      "localhost/proofgrid/machine:1",
      "-c",
      "exec /sbin/init",
    ]
  `);
});

test('words of docker create: no word that only podman knows', () => {
  const words = dockerCreateWords(CONTAINER);
  expect(words).toEqual(expect.arrayContaining(['--privileged', '--cgroupns', 'container=docker', 'json-file', 'max-size=16m']));
  expect(words.filter((word) => /^--(systemd|no-hosts|http-proxy|runtime)/.test(word))).toEqual([]);
  expect(words.slice(words.indexOf('--entrypoint'))).toEqual([
    '--entrypoint', '/bin/sh', '--env', 'container=docker', '--log-driver', 'json-file', '--log-opt', 'max-size=16m',
    'localhost/proofgrid/machine:1', '-c', 'exec /sbin/init',
  ]);
});

test('words of network create', () => {
  const common = ['--driver', 'bridge', '--subnet', '10.213.4.0/24', '--ip-range', '10.213.4.0/25', '--gateway', '10.213.4.1', '--label', 'a=b'];
  expect(podmanNetworkWords(NETWORK)).toEqual([...common, '--disable-dns', '--opt', 'isolate=true', NETWORK.name]);
  expect(dockerNetworkWords(NETWORK)).toEqual([...common, NETWORK.name]);
});

test('machines of both families: a second subnet behind the first, and a second address', () => {
  const words = dockerNetworkWords({ ...NETWORK, ipv6: { subnet: 'fd00:10:213:4::/64', gateway: 'fd00:10:213:4::1' } });
  expect(words.join(' ')).toContain('--gateway 10.213.4.1 --ipv6 --subnet fd00:10:213:4::/64 --gateway fd00:10:213:4::1 --label a=b');
  expect(podmanCreateWords({ ...CONTAINER, ipv6Address: 'fd00:10:213:4::10' }).join(' ')).toContain('--ip 10.213.4.10 --ip6 fd00:10:213:4::10 --mac-address');
});

test('what comes from a lease for another one is dropped, in either family', () => {
  const network = { name: 'proofgrid-abc', bridge: 'podman5' };
  expect(isolationWords({ ...network, subnet: '10.213.4.0/24' }).join(' ')).toContain('-d 10.213.0.0/16 -i podman5 ! -o podman5');
  expect(isolationWords({ ...network, subnet: 'fd00:10:213:4::/64' }).join(' ')).toContain('-d fd00:10:213::/48 -i podman5 ! -o podman5');
});

/** Answers by the longest known beginning of a command line, and remembers what was asked. */
function scripted(answers: Record<string, Partial<EngineOutput>>) {
  const asked: string[] = [];
  const run = async (words: readonly string[]): Promise<EngineOutput> => {
    const line = words.join(' ');
    asked.push(line);
    const key = Object.keys(answers).filter((beginning) => line.startsWith(beginning)).sort((a, b) => b.length - a.length)[0];
    if (key === undefined) throw new Error(`unexpected: ${line}`);
    return { exitCode: 0, stdout: '', stderr: '', ...answers[key] };
  };
  return { run, asked };
}

test.each([
  ['podman', podmanEngine, 'Error: subnet 10.213.4.0/24 is already used on the host or by another config'],
  ['docker', dockerEngine, 'Error response from daemon: Pool overlaps with other one on this address space'],
])('%s: a taken subnet is an answer, anything else an error', async (_name, engine, stderr) => {
  const taken = scripted({ 'network create': { exitCode: 1, stderr } });
  expect(await engine(taken.run).createNetwork(NETWORK)).toBe(false);
  const broken = scripted({ 'network create': { exitCode: 125, stderr: 'no space left on device' } });
  await expect(engine(broken.run).createNetwork(NETWORK)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
});

test('docker: labels come from inspect, and what vanished meanwhile is no error', async () => {
  const { run } = scripted({
    'ps --all': { stdout: 'aaa\nbbb\n' },
    'container inspect aaa bbb': {
      exitCode: 1,
      stderr: 'Error response from daemon: No such container: bbb',
      stdout: JSON.stringify([{ Name: '/proofgrid-x-m1', State: { Status: 'paused' }, Config: { Labels: { a: 'b,c=d' } } }]),
    },
  });
  expect(await dockerEngine(run).containers('0123456789ab')).toEqual([{ name: 'proofgrid-x-m1', state: 'paused', labels: { a: 'b,c=d' } }]);
});

test('docker: only endpoints of our own names are cut from a network that is stuck', async () => {
  const name = 'proofgrid-0123456789ab';
  let removals = 0;
  const { run, asked } = scripted({
    'network ls': { stdout: 'n1\n' },
    'network inspect n1': {
      stdout: JSON.stringify([{ Name: name, Labels: {}, Containers: { a: { Name: `${name}-m1` }, b: { Name: 'foreign' } } }]),
    },
    'network disconnect': {},
    'network rm': { get exitCode() { return removals++ === 0 ? 1 : 0; }, stderr: 'has active endpoints' } as EngineOutput,
  });
  await dockerEngine(run).removeNetwork(name);
  expect(asked.filter((line) => line.startsWith('network disconnect'))).toEqual([`network disconnect --force ${name} ${name}-m1`]);
});

test('docker: a container that is gone already was removed', async () => {
  const gone = scripted({ rm: { exitCode: 1, stderr: 'Error: No such container: m1' } });
  await dockerEngine(gone.run).removeContainers(['m1']);
  const stuck = scripted({ rm: { exitCode: 1, stderr: 'Error: device or resource busy' } });
  await expect(dockerEngine(stuck.run).removeContainers(['m1'])).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
});

test('podman: a list that failed because something vanished is made again, any other failure is one', async () => {
  const answers = [{ exitCode: 125, stdout: '', stderr: 'Error: no such container' }, { exitCode: 0, stdout: '[]', stderr: '' }];
  expect(await podmanEngine(async () => answers.shift() ?? expect.fail('asked once too often')).containers()).toEqual([]);
  const broken = podmanEngine(async () => ({ exitCode: 125, stdout: '', stderr: 'database is locked' }));
  await expect(broken.containers()).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  const endless = podmanEngine(async () => ({ exitCode: 125, stdout: '', stderr: 'no such volume' }));
  await expect(endless.volumes()).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
});

test('podman: a container that ended while it was being killed is removed the next time, any other failure is one', async () => {
  const ended = (id: string) => ({ exitCode: 2, stdout: '', stderr: `Error: cannot remove container ${id} as it could not be stopped: sending SIGKILL to container ${id}: container state improper: stopped` });
  const answers = [ended('a1'), ended('b2'), { exitCode: 0, stdout: '', stderr: '' }];
  await podmanEngine(async () => answers.shift() ?? expect.fail('asked once too often')).removeContainers(['m1', 'm2']);
  expect(answers).toEqual([]);
  let tries = 0;
  const stuck = podmanEngine(async () => (tries++, ended('a1')));
  await expect(stuck.removeContainers(['m1'])).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  expect(tries).toBe(2);
  const busy = podmanEngine(async () => ({ exitCode: 2, stdout: '', stderr: 'Error: cannot remove container a1: device or resource busy' }));
  await expect(busy.removeContainers(['m1'])).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
});
