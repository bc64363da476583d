import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Machine } from '../provider/contract.ts';
import { sshArguments } from './ssh-options.ts';

/** A master that nobody uses ends by itself, so that `kill -9` of the harness leaves none. Seconds. */
const IDLE_LIMIT = 60;
/** Logging in takes 0.1 s; on a machine that is still starting several seconds. Seconds. */
const CONNECT_LIMIT = 10;

/** Masters that this process opened, by their socket. */
const masters = new Map<string, { readonly machine: Machine; ready: Promise<void> }>();

/**
 * Socket of a machine's shared connection. Unix sockets allow 107 characters and ssh appends 17 while it binds, so it lies
 * in a short private directory of this user. The name covers the key and this process: a machine of an earlier lease at the
 * same address must never be met again.
 */
export function controlPath(machine: Machine): string {
  const identity = [machine.identityFile, machine.user, machine.address, machine.via?.port ?? machine.port, process.pid].join('\0');
  return join(controlDirectory(), createHash('sha256').update(identity).digest('hex').slice(0, 24));
}

let directory: string | undefined;

/** The same for all processes of a user; where somebody else has made it first, one that this process has for itself. */
function controlDirectory(): string {
  return (directory ??= ownDirectory(`/tmp/proofgrid-ssh-${process.getuid?.() ?? 0}`));
}

export function ownDirectory(path: string): string {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const facts = lstatSync(path);
  if (facts.isDirectory() && facts.uid === process.getuid?.() && (facts.mode & 0o077) === 0) return path;
  const own = mkdtempSync(`${path}-`);
  process.once('exit', () => rmSync(own, { recursive: true, force: true }));
  return own;
}

/** Words that make ssh use the machine's master, opened (with a real login) when there is none yet. */
export async function throughMaster(machine: Machine): Promise<string[]> {
  const path = controlPath(machine);
  const known = masters.get(path);
  const words = ['-o', 'ControlMaster=no', '-S', path];
  if (known !== undefined && (await known.ready.then(() => existsSync(path), () => false))) return words;
  // Whoever comes while it opens must wait for the same login: the entry is replaced before anything is awaited.
  if (masters.get(path) === known) masters.set(path, { machine, ready: openMaster(machine, path) });
  await masters.get(path)?.ready;
  return words;
}

async function openMaster(machine: Machine, path: string): Promise<void> {
  // what cleans /tmp up may have taken it since
  mkdirSync(controlDirectory(), { mode: 0o700, recursive: true });
  await rm(path, { force: true });
  const persistence = ['-o', 'ControlMaster=yes', '-S', path, '-o', `ControlPersist=${IDLE_LIMIT}`];
  const connect = ['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_LIMIT}`];
  const { exitCode, stderr } = await execa('ssh', [...persistence, ...connect, ...sshArguments(machine), 'true'], {
    reject: false,
    stdin: 'ignore',
    timeout: (CONNECT_LIMIT + 5) * 1000,
    killSignal: 'SIGKILL',
    detached: true,
  });
  if (exitCode === 0) return;
  throw new ProofgridError({
    code: 'MACHINE_UNREACHABLE',
    fault: 'infrastructure',
    what: `machine ${machine.name} (${machine.user}@${machine.address}) refuses an SSH login: ${stderr.trim() || `ssh ended with ${exitCode ?? 'a signal'}`}`,
    remedy: "read the machine's console",
  });
}

/** Whether the machine's shared connection is there; none is opened. */
export async function loginLives(machine: Machine): Promise<boolean> {
  const path = controlPath(machine);
  if (!existsSync(path)) return false;
  const { exitCode } = await execa('ssh', ['-F', 'none', '-O', 'check', '-S', path, machine.address], { reject: false, timeout: 5000 });
  return exitCode === 0;
}

/** Ends the shared connections of these machines, or all that this process opened. */
export async function closeSshMasters(machines?: readonly Machine[]): Promise<void> {
  const paths = machines?.map(controlPath) ?? [...masters.keys()];
  await Promise.all(paths.map(closeMaster));
}

async function closeMaster(path: string): Promise<void> {
  const known = masters.get(path);
  if (known === undefined) return;
  masters.delete(path);
  await known.ready.catch(() => undefined);
  if (!existsSync(path)) return;
  // Only the socket counts here; ssh wants a destination all the same.
  await execa('ssh', ['-F', 'none', '-O', 'exit', '-S', path, known.machine.address], { reject: false, timeout: 5000 });
  await rm(path, { force: true });
}
