import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

/** Where the directory itself stays within reach. Nothing is mounted below it. */
const BELOW = '/var/tmp/proofgrid-sabotage-below';

/**
 * Moves what is in a directory into a file system in memory, as a wrong line in /etc/fstab does; mending takes back what was written
 * since. Nobody may have files open in it, neither now nor then.
 */
export async function memoryUnder(host: Host, directory: string, mend: Mend): Promise<void> {
  mend(() => must(host, ['rmdir', BELOW]));
  await must(host, ['mkdir', '-p', BELOW]);
  mend(() => must(host, ['umount', BELOW]));
  await must(host, ['mount', '--bind', directory, BELOW]);
  // else what is mounted over the one appears over the other
  await must(host, ['mount', '--make-private', BELOW]);
  mend(() => must(host, ['umount', directory]));
  await must(host, ['mount', '-t', 'tmpfs', '-o', `mode=${(await must(host, ['stat', '-c', '%a', directory])).trim()}`, 'tmpfs', directory]);
  await must(host, ['chown', `--reference=${BELOW}`, directory]);
  await must(host, ['cp', '-a', `${BELOW}/.`, `${directory}/`]);
  mend(() => must(host, ['sh', '-c', 'find "$1" -mindepth 1 -delete && cp -a "$2/." "$1/"', 'take-back', BELOW, directory]));
}
