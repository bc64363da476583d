import { z } from 'zod';
import type { Host } from '../check.ts';
import { must } from './machine.ts';

/** What must hold for files; `paths` may have wildcards. `ids`: numbers of kube-bench's `cis-1.12` that ask for it. */
export interface FileRule {
  readonly paths: readonly string[];
  /** Bits beyond these are too many. */
  readonly mode: number;
  /** `user:group`. */
  readonly owner: string;
  readonly ids: string;
  /** That none is there is as well. */
  readonly optional?: true;
}

const SCRIPT = `import glob, grp, json, os, pwd, stat, sys
def name(find, number):
    try:
        return find(number)[0]
    except KeyError:
        return str(number)
def state(path):
    found = os.stat(path)
    return {'path': path, 'mode': stat.S_IMODE(found.st_mode), 'owner': name(pwd.getpwuid, found.st_uid) + ':' + name(grp.getgrgid, found.st_gid)}
print(json.dumps([[state(path) for pattern in patterns for path in sorted(glob.glob(pattern))] for patterns in json.load(sys.stdin)]))
`;

const answer = z.array(z.array(z.object({ path: z.string(), mode: z.number(), owner: z.string() })));

/** A sentence for each file that is not as its rule says. */
export async function fileComplaints(host: Host, rules: readonly FileRule[]): Promise<string[]> {
  const input = JSON.stringify(rules.map(({ paths }) => paths));
  const found = answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT], { input })));
  return rules.flatMap(({ paths, mode, owner, ids, optional }, index) => {
    const files = found[index] ?? [];
    if (files.length === 0) return optional === true ? [] : [`${host.name}: no ${paths.join(', ')} (${ids})`];
    return files.flatMap((file) => [
      ...((file.mode & ~mode) === 0 ? [] : [`${host.name}: ${file.path} has mode ${octal(file.mode)}, more than ${octal(mode)} (${ids})`]),
      ...(file.owner === owner ? [] : [`${host.name}: ${file.path} belongs to ${file.owner}, not to ${owner} (${ids})`]),
    ]);
  });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
