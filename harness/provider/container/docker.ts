import { z } from 'zod';
import { containerWords, labelWords, networkWords } from './container-words.ts';
import { engineCommand, engineFailed, succeed, type EngineCommand } from './engine-command.ts';
import type { ContainerSpec, Engine, NetworkSpec } from './engine.ts';
import { LEASE_LABEL } from './labels.ts';

const labels = z.record(z.string(), z.string()).nullish().transform((value) => value ?? {});
const containersSchema = z.array(
  z.object({ Name: z.string(), State: z.object({ Status: z.string() }), Config: z.object({ Labels: labels }) }),
);
const networksSchema = z.array(
  z.object({ Name: z.string(), Labels: labels, Containers: z.record(z.string(), z.object({ Name: z.string() })).nullish() }),
);
const volumesSchema = z.array(z.object({ Name: z.string(), Mountpoint: z.string(), Labels: labels }));
const GONE = /no such|not found/i;

/** Words after `docker create`. */
export function dockerCreateWords(spec: ContainerSpec): string[] {
  return [
    ...containerWords(spec),
    '--env', 'container=docker',
    '--log-driver', 'json-file',
    '--log-opt', 'max-size=16m',
    spec.image,
    ...spec.arguments,
  ];
}

/** Words after `docker network create`. Docker keeps its own bridges apart from each other. */
export function dockerNetworkWords(spec: NetworkSpec): string[] {
  return [...networkWords(spec), spec.name];
}

/** Docker 20.10 or newer, on this very host: the lease volume's files are reached through its mount point. */
export function dockerEngine(run: EngineCommand = engineCommand('docker')): Engine {
  const docker = (...words: string[]) => succeed(run, 'docker', words);
  /** docker's list formats flatten labels to text that cannot be split again, so everything is inspected. */
  const list = async (lister: readonly string[], inspect: readonly string[], lease: string | undefined): Promise<unknown> => {
    const filter = lease === undefined ? LEASE_LABEL : `${LEASE_LABEL}=${lease}`;
    const names = (await docker(...lister, '--quiet', '--filter', `label=${filter}`)).split('\n').filter(Boolean);
    if (names.length === 0) return [];
    // Something may go while it is listed: inspect prints what it found, and fails for the rest.
    const { stdout, stderr, exitCode } = await run([...inspect, ...names]);
    if (exitCode !== 0 && !GONE.test(stderr)) throw engineFailed('docker', inspect, stderr.trim());
    return JSON.parse(stdout || '[]');
  };
  const networksWithEndpoints = async (lease?: string) =>
    networksSchema.parse(await list(['network', 'ls'], ['network', 'inspect'], lease));
  return {
    name: 'docker',
    version: async () => (await docker('version', '--format', '{{.Server.Version}}')).trim(),
    imageDigest: async (reference) => {
      const { exitCode, stdout } = await run(['image', 'inspect', '--format', '{{.Id}}', reference]);
      return exitCode === 0 ? stdout.trim().replace(/^sha256:/, '') : undefined;
    },
    createVolume: async (name, volumeLabels) => {
      await docker('volume', 'create', ...labelWords(volumeLabels), name);
      return (await docker('volume', 'inspect', '--format', '{{.Mountpoint}}', name)).trim();
    },
    createNetwork: async (spec) => {
      const words = ['network', 'create', ...dockerNetworkWords(spec)];
      const { exitCode, stderr } = await run(words);
      if (exitCode === 0) return true;
      if (/pool overlaps/i.test(stderr)) return false;
      throw engineFailed('docker', words, stderr.trim());
    },
    createContainer: async (spec) => void (await docker('create', ...dockerCreateWords(spec))),
    start: async (name) => void (await docker('start', name)),
    kill: async (name) => {
      const { exitCode, stderr } = await run(['kill', '--signal', 'KILL', name]);
      if (exitCode !== 0 && !/is not running/.test(stderr)) throw engineFailed('docker', ['kill', name], stderr.trim());
      await docker('wait', name);
    },
    state: async (name) => {
      const { exitCode, stdout } = await run(['container', 'inspect', '--format', '{{.State.Status}}', name]);
      return exitCode === 0 ? stdout.trim() : undefined;
    },
    logs: async (name) => {
      const { stdout, stderr } = await run(['logs', name]);
      return stdout + stderr;
    },
    exec: async (name, command) => (await run(['exec', name, ...command])).stdout,
    containers: async (lease) =>
      containersSchema
        .parse(await list(['ps', '--all', '--no-trunc'], ['container', 'inspect'], lease))
        .map(({ Name, State, Config }) => ({ name: Name.replace(/^\//, ''), state: State.Status, labels: Config.Labels })),
    networks: async (lease) => (await networksWithEndpoints(lease)).map(({ Name, Labels }) => ({ name: Name, labels: Labels })),
    volumes: async (lease) =>
      volumesSchema
        .parse(await list(['volume', 'ls'], ['volume', 'inspect'], lease))
        .map(({ Name, Mountpoint, Labels }) => ({ name: Name, mountpoint: Mountpoint, labels: Labels })),
    removeContainers: async (names) => {
      const words = ['rm', '--force', '--volumes', ...names];
      const { exitCode, stderr } = await run(words);
      const serious = stderr.split('\n').filter((line) => line.trim() !== '' && !GONE.test(line));
      if (exitCode !== 0 && serious.length > 0) throw engineFailed('docker', words, serious.join('; '));
    },
    removeNetwork: async (name) => {
      if (await absent(run, ['network', 'rm', name])) return;
      // An endpoint can outlive its container after a crash of the daemon; only endpoints of our own names are cut.
      const network = (await networksWithEndpoints()).find(({ Name }) => Name === name);
      const stuck = Object.values(network?.Containers ?? {}).filter((endpoint) => endpoint.Name.startsWith(`${name}-`));
      for (const endpoint of stuck) await run(['network', 'disconnect', '--force', name, endpoint.Name]);
      await docker('network', 'rm', name);
    },
    removeVolume: async (name) => {
      if (!(await absent(run, ['volume', 'rm', name]))) await docker('volume', 'rm', name);
    },
  };
}

async function absent(run: EngineCommand, words: readonly string[]): Promise<boolean> {
  const { exitCode, stderr } = await run(words);
  return exitCode === 0 || GONE.test(stderr);
}
