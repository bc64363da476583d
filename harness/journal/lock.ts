import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isDiskFull } from '../../lifecycle/disk-full.ts';
import { ProofgridError } from '../../lifecycle/error.ts';

/** Takes the journal for writing and returns the function that gives it back. */
export function lockJournal(file: string): () => void {
  const directory = path.dirname(file);
  const prefix = `${path.basename(file)}.lock-`;
  const name = `${prefix}${thisProcess()}`;
  const own = path.join(directory, name);
  create(own, file);
  // Each writer announces itself first and looks at the others afterwards: of two at once, at least one sees the other.
  for (const other of readdirSync(directory).filter((each) => each.startsWith(prefix) && each !== name)) {
    if (mayLive(other.slice(prefix.length))) {
      rmSync(own, { force: true });
      throw taken(file, path.join(directory, other));
    }
    rmSync(path.join(directory, other), { force: true });
  }
  return () => rmSync(own, { force: true });
}

function create(own: string, file: string): void {
  try {
    closeSync(openSync(own, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw taken(file, own, cause);
    throw new ProofgridError({
      code: 'JOURNAL_NOT_WRITABLE',
      fault: isDiskFull(cause) ? 'infrastructure' : 'usage',
      what: `the journal ${file} cannot be written: ${(cause as Error).message}`,
      remedy: isDiskFull(cause) ? 'make room on the disk' : 'name a directory that this user may write',
      cause,
    });
  }
}

function taken(file: string, lock: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'JOURNAL_LOCKED',
    fault: 'usage',
    what: `another process is writing ${file}`,
    remedy: `wait until that run has ended; if it ran in a container that is gone, remove ${lock}`,
    cause,
  });
}

/** `<pid>-<start time in ticks since boot>-<pid namespace>-<boot id>`: never the same for two processes, reboots included. */
function thisProcess(): string {
  return `${process.pid}-${startTime(process.pid) ?? 'unknown'}-${pidNamespace()}-${bootId()}`;
}

/** A process of another pid namespace cannot be seen from here: it counts as living. */
function mayLive(identity: string): boolean {
  const [pid, start, namespace, ...boot] = identity.split('-');
  if (boot.join('-') !== bootId()) return false;
  return namespace !== pidNamespace() || startTime(Number(pid)) === start;
}

/** The inode number of `pid:[4026531836]` (pid_namespaces(7)). */
function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** `/proc/<pid>/stat` field 22, or undefined for a process that is gone or only waits for its parent (proc(5)). */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in brackets and may hold anything, brackets and blanks included.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
