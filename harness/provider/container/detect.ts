import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { dockerEngine } from './docker.ts';
import type { Engine } from './engine.ts';
import { podmanEngine } from './podman.ts';

/** Milliseconds. An engine answers in 0.1 s; read from a slow disk for the first time it takes seconds. */
const ANSWER_LIMIT = 60_000;

/** Machines are privileged, and their files belong to root: an engine of another user can start none. */
export function refuseWithoutRoot(user = process.getuid?.()): void {
  if (user === undefined || user === 0) return;
  throw new ProofgridError({
    code: 'ENGINE_NEEDS_ROOT',
    fault: 'usage',
    what: `machines in containers can be had by root only, and this is user ${user}`,
    remedy: 'run this as root, or with --provider kubevirt',
  });
}

/** podman when it works, else docker when its daemon answers. */
export async function detectEngine(): Promise<Engine> {
  if (await works('podman', ['version', '--format', '{{.Client.Version}}'])) return podmanEngine();
  if (await works('docker', ['version', '--format', '{{.Server.Version}}'])) return dockerEngine();
  throw new ProofgridError({
    code: 'ENGINE_MISSING',
    fault: 'infrastructure',
    what: 'neither podman nor a docker daemon answers on this host',
    remedy: 'run proofgrid doctor --fix',
  });
}

async function works(program: string, words: readonly string[]): Promise<boolean> {
  const { exitCode } = await execa(program, words, { reject: false, stdin: 'ignore', timeout: ANSWER_LIMIT });
  return exitCode === 0;
}
