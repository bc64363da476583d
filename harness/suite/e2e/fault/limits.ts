import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

const UNIT = 'proofgrid-sabotage-limits';
const BEFORE = `/run/${UNIT}`;

/** Files of a cgroup in the order in which they can be lifted, for cgroup v1 and v2, and what says that there is no limit. */
const FILES = {
  memory: { directory: 'memory', lifted: [['memory.memsw.limit_in_bytes', '-1'], ['memory.limit_in_bytes', '-1'], ['memory.max', 'max']] },
  cpu: { directory: 'cpu', lifted: [['cpu.cfs_quota_us', '-1'], ['cpu.max', 'max']] },
  pids: { directory: 'pids', lifted: [['pids.max', 'max']] },
} as const;
export type LiftedLimit = keyof typeof FILES;

/** Something lifts one kind of limit from all pods of a machine, as fast as it is set. What was there before comes back. */
export async function liftLimits(host: Host, limit: LiftedLimit, mend: Mend): Promise<void> {
  const { directory, lifted } = FILES[limit];
  const root = `root=/sys/fs/cgroup/${directory}/; [ -d "$root" ] || root=/sys/fs/cgroup/`;
  const found = (name: string) => `find "$root" -path "*kubepods*" -name ${name} 2>/dev/null`;
  // memory first, then memory with swap: the one may never be above the other
  const kept = lifted.toReversed().map(([name]) => `${found(name)} | while read -r file; do echo "$file $(cat "$file")"; done`);
  mend(() => must(host, ['sh', '-c', `while read -r file value; do [ ! -e "$file" ] || echo "$value" > "$file"; done < ${BEFORE} 2>/dev/null; rm -f ${BEFORE}`]));
  await must(host, ['sh', '-c', `${root}; { ${kept.join('; ')}; } > ${BEFORE}`]);
  const lift = lifted.map(([name, none]) => `${found(name)} | while read -r file; do echo ${none} > "$file"; done`);
  mend(() => must(host, ['systemctl', 'stop', UNIT]));
  await must(host, ['systemd-run', '--quiet', '--collect', `--unit=${UNIT}`, 'sh', '-c', `${root}; while :; do ${lift.join('; ')}; sleep 0.1; done`]);
}
