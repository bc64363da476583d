import { z } from 'zod';
import { containerWords, labelWords, networkWords } from './container-words.ts';
import { engineCommand, engineFailed, succeed, type EngineCommand } from './engine-command.ts';
import type { ContainerSpec, Engine, NetworkSpec } from './engine.ts';
import { LEASE_LABEL } from './labels.ts';
import { isolateNetwork } from './podman-isolation.ts';
import { removeResidue } from './podman-residue.ts';

const labels = z.record(z.string(), z.string()).nullish().transform((value) => value ?? {});
const containersSchema = z.array(z.object({ Names: z.array(z.string()).min(1), State: z.string(), Labels: labels }));
const networksSchema = z.array(z.object({ name: z.string(), labels }));
const inspectedSchema = z.array(z.object({ network_interface: z.string(), subnets: z.array(z.object({ subnet: z.string() })) }));
const volumesSchema = z.array(z.object({ Name: z.string(), Mountpoint: z.string(), Labels: labels }));

/** Words after `podman create`. */
export function podmanCreateWords(spec: ContainerSpec): string[] {
  return [
    ...containerWords(spec),
    // crun refuses a hybrid cgroup hierarchy; with podman's own --systemd=always machines share the host's systemd cgroup.
    '--runtime', 'runc',
    '--systemd', 'false',
    '--env', 'container=podman',
    // The machine's /etc/hosts is a file of its own, which the playbooks may replace as on any other host.
    '--no-hosts',
    '--http-proxy=false',
    '--log-driver', 'k8s-file',
    '--log-opt', 'max-size=16mb',
    spec.image,
    ...spec.arguments,
  ];
}

/** Words after `podman network create`. */
export function podmanNetworkWords(spec: NetworkSpec): string[] {
  return [...networkWords(spec), '--disable-dns', '--opt', 'isolate=true', spec.name];
}

/** podman 4.3 or newer, with netavark. */
export function podmanEngine(run: EngineCommand = engineCommand('podman'), residue = removeResidue, isolate = isolateNetwork): Engine {
  const podman = (...words: string[]) => succeed(run, 'podman', words);
  const bridgeOf = async (network: string) => (await podman('network', 'inspect', '--format', '{{.NetworkInterface}}', network)).trim();
  const list = async (words: readonly string[], lease: string | undefined): Promise<unknown> => {
    const filter = lease === undefined ? LEASE_LABEL : `${LEASE_LABEL}=${lease}`;
    const all = [...words, '--filter', `label=${filter}`, '--format', 'json'];
    return JSON.parse((await listed(run, all)) || '[]') ?? [];
  };
  return {
    name: 'podman',
    version: async () => (await podman('version', '--format', '{{.Client.Version}}')).trim(),
    imageDigest: async (reference) => {
      const { exitCode, stdout } = await run(['image', 'inspect', '--format', '{{.Id}}', reference]);
      return exitCode === 0 ? stdout.trim() : undefined;
    },
    createVolume: async (name, volumeLabels) => {
      await podman('volume', 'create', ...labelWords(volumeLabels), name);
      return (await podman('volume', 'inspect', '--format', '{{.Mountpoint}}', name)).trim();
    },
    createNetwork: async (spec) => {
      const words = ['network', 'create', ...podmanNetworkWords(spec)];
      const { exitCode, stderr } = await run(words);
      if (exitCode === 0) {
        await isolate({ ...spec, bridge: await bridgeOf(spec.name) });
        return true;
      }
      if (/subnet .* is already used/.test(stderr)) return false;
      throw engineFailed('podman', words, stderr.trim());
    },
    createContainer: async (spec) => void (await podman('create', ...podmanCreateWords(spec))),
    start: async (name) => void (await podman('start', name)),
    kill: async (name) => {
      const { exitCode, stderr } = await run(['kill', '--signal', 'KILL', name]);
      if (exitCode !== 0 && !/can only kill running|not running/.test(stderr)) throw engineFailed('podman', ['kill', name], stderr.trim());
      await podman('wait', '--condition', 'exited', '--condition', 'stopped', name);
      await podman('container', 'cleanup', name);
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
        .parse(await list(['ps', '--all'], lease))
        .map((container) => ({ name: container.Names[0] ?? '', state: container.State, labels: container.Labels })),
    networks: async (lease) => networksSchema.parse(await list(['network', 'ls'], lease)),
    volumes: async (lease) =>
      volumesSchema
        .parse(await list(['volume', 'ls'], lease))
        .map((volume) => ({ name: volume.Name, mountpoint: volume.Mountpoint, labels: volume.Labels })),
    removeContainers: async (names) => removed(run, ['rm', '--force', '--volumes', '--time', '0', '--ignore', ...names]),
    removeNetwork: async (name) => {
      const { stdout } = await run(['network', 'inspect', name]);
      const attached = await podman('ps', '--all', '--quiet', '--filter', `network=${name}`);
      const [network] = inspectedSchema.parse(JSON.parse(stdout || '[]'));
      const subnets = (network?.subnets ?? []).map((each) => each.subnet);
      const subnet = subnets.find((each) => !each.includes(':'));
      const ipv6 = subnets.filter((each) => each.includes(':')).map((each) => ({ subnet: each }))[0];
      if (network !== undefined && subnet !== undefined && attached === '') await residue({ name, subnet, ...(ipv6 !== undefined && { ipv6 }), bridge: network.network_interface });
      await absent(run, ['network', 'rm', name]);
    },
    removeVolume: async (name) => absent(run, ['volume', 'rm', name]),
  };
}

/** Never with --force: that would take containers of others along. */
async function absent(run: EngineCommand, words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(words);
  if (exitCode === 0 || /not found|no such/i.test(stderr)) return;
  throw engineFailed('podman', words, stderr.trim());
}

/**
 * A container whose monitor was killed has nobody to record its end: where it ends between podman's look and podman's signal,
 * podman fails, has recorded the end then, and removes it the next time. A container ends once, so each may fail once.
 * (podman 4.3, libpod/oci_conmon_common.go: KillContainer returns ErrCtrStateInvalid, StopContainer passes it on.)
 */
async function removed(run: EngineCommand, words: readonly string[]): Promise<void> {
  const ended = new Set<string>();
  for (;;) {
    const { exitCode, stderr } = await run(words);
    if (exitCode === 0) return;
    const now = [...stderr.matchAll(/cannot remove container (\S+) .*container state improper: (?:stopped|exited)/g)].map(([, id]) => id ?? '');
    if (!now.some((id) => !ended.has(id))) throw engineFailed('podman', words, stderr.trim());
    for (const id of now) ended.add(id);
  }
}

/** podman fails a whole list when somebody else removes an entry meanwhile; that many times in a row is no coincidence. */
const LIST_ATTEMPTS = 5;

async function listed(run: EngineCommand, words: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { exitCode, stdout, stderr } = await run(words);
    if (exitCode === 0) return stdout;
    if (attempt === LIST_ATTEMPTS || !/no such|not found|does not exist/i.test(stderr)) throw engineFailed('podman', words, stderr.trim());
  }
}
