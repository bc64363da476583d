import { readFileSync, readdirSync } from 'node:fs';

interface Process {
  readonly parent: number;
  /** In clock ticks since the host's start. Ids begin anew when the host has run out of them. */
  readonly started: number;
}

/** Every process of this host, by its id. */
function processes(): Map<number, Process> {
  const found = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const process = processOf(name);
    if (process !== undefined) found.set(Number(name), process);
  }
  return found;
}

/** proc(5): fields 4 and 22 of `stat`; the second is a name in brackets that can hold anything. */
function processOf(pid: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { parent: Number(fields[1]), started: Number(fields[19]) };
  } catch {
    return undefined; // gone since it was listed
  }
}

/** These processes and all that come from them, zombies left out; the newest first. */
export function familyOf(roots: readonly number[]): number[] {
  const known = processes();
  const family = new Set(roots.filter((pid) => known.has(pid)));
  for (let before = -1; before < family.size; ) {
    before = family.size;
    for (const [pid, { parent }] of known) if (family.has(parent)) family.add(pid);
  }
  const age = (pid: number) => known.get(pid)?.started ?? 0;
  return [...family].sort((one, other) => age(other) - age(one) || other - one);
}

export function lives(pid: number): boolean {
  return processOf(String(pid)) !== undefined;
}

/** Sends the signal; a process that has gone meanwhile needs none. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
