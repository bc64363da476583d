import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import { replaceFile } from './file.ts';
import type { Mend } from './mend.ts';

/** runc says that it has sent a signal, and has not. */
export async function killsNobody(host: Host, mend: Mend): Promise<void> {
  const program = (await must(host, ['sh', '-c', 'readlink -f "$(command -v runc)"'])).trim();
  const original = '/var/tmp/proofgrid-sabotage-runc';
  mend(() => must(host, ['rm', '-f', original]));
  await must(host, ['cp', program, original]);
  await replaceFile(host, program, `#!/bin/sh\nfor word do [ "$word" = kill ] && exit 0; done\nexec ${original} "$@"\n`, mend);
}
