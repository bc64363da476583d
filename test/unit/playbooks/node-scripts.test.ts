import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const roles = path.resolve('playbooks/roles');
const clamp = path.join(roles, 'container_engine/files/runc-clamped');
const podNetwork = path.join(roles, 'network_plugin/files/pod-network');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'node-scripts-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs the wrapper with a runc that only prints its words; returns them and the bundle's configuration afterwards. */
const runClamped = async (words: string[], oomScoreAdj: number) => {
  const bundle = path.join(directory, 'bundle');
  await mkdir(bundle);
  await writeFile(path.join(bundle, 'config.json'), JSON.stringify({ process: { oomScoreAdj, args: ['x'] } }));
  await writeFile(path.join(directory, 'runc'), '#!/bin/sh\necho "$@"\n');
  await chmod(path.join(directory, 'runc'), 0o755);
  const { stdout } = await execa(clamp, words.map((word) => word.replace('BUNDLE', bundle)), {
    env: { PATH: `${directory}:${process.env['PATH']}` },
  });
  return { stdout, config: JSON.parse(await readFile(path.join(bundle, 'config.json'), 'utf8')) as unknown };
};

test('the Docker runtime raises a score that the kernel would refuse, and passes every word on', async () => {
  const lowest = Number(await readFile('/proc/self/oom_score_adj', 'utf8'));
  const { stdout, config } = await runClamped(['--root', '/r', 'create', '--bundle', 'BUNDLE', 'c1'], lowest - 1);
  expect(config).toEqual({ process: { oomScoreAdj: lowest, args: ['x'] } });
  expect(stdout).toBe(`--root /r create --bundle ${directory}/bundle c1`);
});

test('the Docker runtime leaves what the kernel allows, and every other command', async () => {
  const { config } = await runClamped(['delete', '--force', 'BUNDLE'], -1001);
  expect(config).toEqual({ process: { oomScoreAdj: -1001, args: ['x'] } });
});

test('cAdvisor hears where Docker would keep its data, and no version', async () => {
  const { stdout } = await execa('sh', [path.join(roles, 'node/files/docker-root')], {
    input: 'GET /v1.24/info HTTP/1.1\r\nHost: docker\r\n\r\n',
    stripFinalNewline: false,
  });
  const [head, body] = stdout.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(head).toContain(`Content-Length: ${body.length}`);
  expect(JSON.parse(body)).toEqual({ DockerRootDir: '/var/lib/docker' });
});

test.each([
  ['10.244.3.0/24', '10.244.3.0 0a:58:0a:f4:03:00'],
  ['fd00:10:244:3::/64', 'fd00:10:244:3:: 0a:58:02:44:00:03'],
])("a machine's end of the tunnel follows from its pod network alone: %s", async (network, expected) => {
  const program = [
    'import importlib.machinery, importlib.util, sys',
    'sys.dont_write_bytecode = True',
    'loader = importlib.machinery.SourceFileLoader("pod_network", sys.argv[1])',
    'module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pod_network", loader))',
    'loader.exec_module(module)',
    'print(module.endpoint(sys.argv[2]), module.hardware_address(sys.argv[2]))',
  ].join('\n');
  const { stdout } = await execa('python3', ['-c', program, podNetwork, network]);
  expect(stdout).toBe(expected);
});
