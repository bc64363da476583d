import { z } from 'zod';
import type { Host } from '../check.ts';
import { must } from './machine.ts';

const SCRIPT = `import json, pwd, subprocess, sys
def state(unit):
    pid = subprocess.check_output(['systemctl', 'show', '--property=MainPID', '--value', unit + '.service'], text=True).strip()
    if pid in ('', '0'):
        return None
    fields = dict(line.rstrip('\\n').split(':', 1) for line in open('/proc/' + pid + '/status') if ':' in line)
    uids = sorted(set(fields['Uid'].split()), key=int)
    def name(uid):
        try:
            return pwd.getpwuid(int(uid))[0]
        except KeyError:
            return uid
    return {'users': [name(uid) for uid in uids], 'bounding': fields['CapBnd'].strip(), 'permitted': fields['CapPrm'].strip(),
            'noNewPrivileges': fields['NoNewPrivs'].strip() == '1', 'seccomp': fields['Seccomp'].strip() == '2',
            'words': open('/proc/' + pid + '/cmdline').read().split('\\0')}
print(json.dumps([state(unit) for unit in sys.argv[1:]]))
`;

const answer = z.array(
  z
    .object({
      /** Real, effective, saved and of the file system, each once. */
      users: z.array(z.string()),
      /** Hexadecimal sets of capabilities, as the kernel writes them. */
      bounding: z.string(),
      permitted: z.string(),
      noNewPrivileges: z.boolean(),
      /** Whether system calls are filtered. */
      seccomp: z.boolean(),
      /** The command line. */
      words: z.array(z.string()),
    })
    .nullable(),
);
export type ProcessState = z.infer<typeof answer>[number];

/** The main process of each unit as /proc has it, or null where it does not run. */
export async function processStates(host: Host, units: readonly string[]): Promise<ProcessState[]> {
  return answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT, ...units])));
}
