import { readFileSync, readdirSync } from 'node:fs';

/** Every process of this host: its parent by its id. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) found.set(Number(name), parent);
  }
  return found;
}

/** proc(5): the fourth field of `stat`; the second is a name in brackets that can hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined; // gone since it was listed
  }
}

/** These processes and all that come from them, zombies left out; the newest first, as far as ids tell. */
export function familyOf(roots: readonly number[]): number[] {
  const known = parents();
  const family = new Set(roots.filter((pid) => known.has(pid)));
  for (let before = -1; before < family.size; ) {
    before = family.size;
    for (const [pid, parent] of known) if (family.has(parent)) family.add(pid);
  }
  return [...family].sort((one, other) => other - one);
}

export function lives(pid: number): boolean {
  return parentOf(String(pid)) !== undefined;
}

/** Sends the signal; a process that has gone meanwhile needs none. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
