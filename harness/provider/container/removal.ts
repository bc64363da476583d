import { readdir, readFile } from 'node:fs/promises';
import { waitFor } from '../wait.ts';
import type { Engine } from './engine.ts';
import { parseLeaseLabels } from './labels.ts';
import { containerName } from './machine-spec.ts';

/** Names of a lease's resources that exist, as `kind/name`. */
export async function remains(engine: Engine, lease: string): Promise<string[]> {
  const [containers, networks, volumes] = await Promise.all([
    engine.containers(lease),
    engine.networks(lease),
    engine.volumes(lease),
  ]);
  return [
    ...containers.map(({ name }) => `container/${name}`),
    ...networks.map(({ name }) => `network/${name}`),
    ...volumes.map(({ name }) => `volume/${name}`),
  ];
}

/** Milliseconds. An engine command of a killed owner ends by itself; the longest here, a start, takes 0.3 s. */
const ENGINE_COMMAND_LIMIT = 30_000;

/**
 * Removes everything that carries the lease's label: machines, then network, and the lease volume last, because it is what
 * makes the rest findable as a lease. Resolves with what could not be removed, and why; idempotent.
 */
export async function removeLease(engine: Engine, lease: string): Promise<string[]> {
  await engineCommandsEnd(engine, lease);
  const failures: string[] = [];
  const attempt = async (work: Promise<void>) => {
    await work.catch((error: unknown) => failures.push(error instanceof Error ? error.message : String(error)));
  };
  const volumes = await engine.volumes(lease);
  const containers = await engine.containers(lease);
  // A container that was being created when its owner died may exist in the storage only, where labels are not seen.
  const expected = volumes.flatMap(({ labels }) => parseLeaseLabels(labels)?.machines ?? []).map((name) => containerName(lease, name));
  const names = [...new Set([...containers.map(({ name }) => name), ...expected])];
  if (names.length > 0) await attempt(engine.removeContainers(names));
  for (const { name } of await engine.networks(lease)) await attempt(engine.removeNetwork(name));
  if (failures.length === 0) for (const { name } of volumes) await attempt(engine.removeVolume(name));
  const left = await remains(engine, lease);
  return left.map((resource) => `${resource}: ${failures.join('; ') || 'it came back'}`);
}

/** A killed owner's last engine command goes on without it, and would create something after we have looked. */
async function engineCommandsEnd(engine: Engine, lease: string): Promise<void> {
  await processesEnd(`${engine.name} commands of lease ${lease}`, async () => writingCommands(engine.name, `proofgrid-${lease}`));
}

/** The same for the very first command of a lease, before which nothing tells that there is one. */
export async function leaseCreationsEnd(engine: Engine): Promise<void> {
  const creations = async () => writingCommands(engine.name, 'proofgrid-', 'volume');
  const running = await creations();
  await processesEnd(`${engine.name} commands that make leases`, async () => (await creations()).filter((pid) => running.includes(pid)));
}

async function processesEnd(name: string, list: () => Promise<readonly string[]>): Promise<void> {
  const wait = { name, limitMs: ENGINE_COMMAND_LIMIT, intervalMs: 50 };
  await waitFor(wait, async () => ((await list()).length === 0 ? true : undefined));
}

/** Process ids of engine commands with this text in a word: every one names its lease, in a container's, network's or volume's name. */
async function writingCommands(program: string, text: string, verb?: string): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const matches = await Promise.all(
    processes.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      const isEngine = words[0] === program || words[0]?.endsWith(`/${program}`) === true;
      const counts = verb === undefined ? !READS.has(words[1] ?? '') : words[1] === verb;
      return isEngine && counts && words.some((word) => word.includes(text));
    }),
  );
  return processes.filter((_pid, index) => matches[index]);
}

/** Commands that create nothing, which somebody else may be running, for long (`logs`). */
const READS = new Set(['logs', 'ps', 'wait', 'inspect', 'exec']);
