import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Runtime } from '../../../lifecycle/cluster-deployment.ts';
import type { ClusterContext, CommandResult, Host } from '../check.ts';
import { nodes } from './api-server.ts';
import { complaint } from './machine.ts';

/** A docker-archive that lies at the same path on every machine. */
export interface TestImage {
  readonly reference: string;
  readonly path: string;
  readonly sha256: string;
}

/** Milliseconds: 50 MB unpack in two seconds. */
const LOAD_LIMIT = 120_000;

/**
 * Loads the image of the test pods on every node that does not have it yet, and returns those. Without it no check says
 * anything about the product.
 */
export async function loadTestImage(context: ClusterContext, image: TestImage): Promise<Host[]> {
  const { name } = context.deployment.spec.runtime;
  const loaded = await Promise.all(nodes(context).map(async (host) => ((await loadOn(host, name, image)) ? [host] : [])));
  return loaded.flat();
}

/** Takes it away again, under whatever names the runtime has given it. */
export async function unloadTestImage({ deployment }: ClusterContext, reference: string, hosts: readonly Host[]): Promise<void> {
  const { name } = deployment.spec.runtime;
  await Promise.all(hosts.map(async (host) => {
    if (name === 'docker') return succeed(host, ['docker', 'image', 'rm', reference]);
    return succeed(host, ['ctr', '-n', 'k8s.io', 'images', 'rm', ...(await namesOf(host, reference))]);
  }));
}

/** containerd's CRI plugin names each image by its content, too. */
async function namesOf(host: Host, reference: string): Promise<string[]> {
  const [, found = ''] = (await succeed(host, ['ctr', '-n', 'k8s.io', 'images', 'list', `name==${reference}`])).split('\n');
  const digest = /sha256:[0-9a-f]{64}/.exec(found)?.[0];
  if (digest === undefined) return [reference];
  return (await succeed(host, ['ctr', '-n', 'k8s.io', 'images', 'list', '--quiet', `target.digest==${digest}`])).split('\n').filter((each) => each !== '');
}

/** Whether it was missing. */
async function loadOn(host: Host, runtime: Runtime, { reference, path, sha256 }: TestImage): Promise<boolean> {
  if (await isLoaded(host, runtime, reference)) return false;
  const digest = await succeed(host, ['sha256sum', '--zero', path]);
  if (!digest.startsWith(`${sha256} `)) throw refused(host, `${path} does not have the SHA-256 ${sha256}`);
  const load = runtime === 'docker' ? ['docker', 'load', '--input', path] : ['ctr', '-n', 'k8s.io', 'images', 'import', path];
  await succeed(host, load);
  if (await isLoaded(host, runtime, reference)) return true;
  throw refused(host, `${path} does not hold ${reference}`);
}

async function isLoaded(host: Host, runtime: Runtime, reference: string): Promise<boolean> {
  if (runtime === 'docker') return (await host.exec(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference])).exitCode === 0;
  const names = await succeed(host, ['ctr', '-n', 'k8s.io', 'images', 'list', '--quiet']);
  return names.split('\n').includes(reference);
}

async function succeed(host: Host, command: readonly string[]): Promise<string> {
  const result: CommandResult = await host.exec(command, { limitMs: LOAD_LIMIT });
  if (result.exitCode !== 0) throw refused(host, `${command.join(' ')}: ${complaint(result)}`);
  return result.stdout;
}

function refused(host: Host, why: string): ProofgridError {
  return new ProofgridError({
    code: 'TEST_IMAGE_NOT_LOADED',
    fault: 'infrastructure',
    what: `the image of the test pods could not be loaded on ${host.name}: ${why}`,
    remedy: 'see the journal of its container engine in the evidence',
  });
}
