import { sshHost } from '../machine/ssh.ts';
import type { Lease } from '../provider/contract.ts';
import type { Host } from '../suite/check.ts';
import type { CellRun } from './cell-run.ts';

/** The machines as checks and evidence see them; evidence passes no signal, for it is gathered after an interruption too. */
export function hostsOf({ cell }: Pick<CellRun, 'cell'>, machines: Lease['machines'], signal?: AbortSignal): Host[] {
  const rolesOf = (name: string) => cell.machines.find((machine) => machine.name === name)?.roles ?? [];
  return machines.map((machine) => sshHost(machine, rolesOf(machine.name), signal === undefined ? {} : { signal }));
}
