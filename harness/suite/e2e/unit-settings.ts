import { z } from 'zod';
import type { Host } from '../check.ts';
import { must } from './machine.ts';

/** The file of pre-install: what the playbooks' templates know of the machine. */
const FACTS = '/etc/proofgrid/host-facts.json';

const SCRIPT = `import json, re, subprocess, sys, urllib.request
unit, file, url = sys.argv[1:4]
text = subprocess.check_output(['systemctl', 'show', '--property=MainPID,NeedDaemonReload,ExecStart', unit + '.service'], text=True)
shown = dict(line.split('=', 1) for line in text.splitlines() if '=' in line)
command = re.search(r'argv\\[\\]=(.*?) ; ', shown.get('ExecStart', ''))
pid = shown['MainPID']
client = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(json.dumps({
    'asked': command.group(1).split()[1:] if command else [],
    'words': open('/proc/' + pid + '/cmdline').read().split('\\0')[1:-1] if pid != '0' else None,
    'reloaded': shown['NeedDaemonReload'] == 'no',
    'disk': json.load(open(file)),
    'facts': json.load(open('${FACTS}')),
    'live': json.load(client.open(url, timeout=10)) if url and pid != '0' else {}}))
`;

const settings = z.record(z.string(), z.unknown());
const answer = z.object({
  /** Arguments of the unit, and those of its process; null where it does not run. */
  asked: z.array(z.string()),
  words: z.array(z.string()).nullable(),
  /** Whether systemd has read the unit as it lies on the disk. */
  reloaded: z.boolean(),
  disk: settings,
  facts: z.object({
    container: z.string(),
    resolv_conf: z.string(),
    cgroup: z.object({ version: z.number(), shared: z.array(z.string()) }),
  }),
  live: settings,
});
export type UnitSettings = z.infer<typeof answer>;
export type MachineFacts = UnitSettings['facts'];

/** A service that reads one file of JSON, as its machine has it; `url`: where it says its settings on the loopback. */
export async function readUnitSettings(host: Host, unit: string, file: string, url = ''): Promise<UnitSettings> {
  return answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT, unit, file, url])));
}

/** What of a service's unit is not live. */
export function unitComplaints(unit: string, { asked, words, reloaded }: Pick<UnitSettings, 'asked' | 'words' | 'reloaded'>): string[] {
  if (words === null) return [`${unit} does not run`];
  return [
    ...(reloaded ? [] : [`${unit}.service was changed, and systemd has not read it again`]),
    ...(words.join(' ') === asked.join(' ') ? [] : [`${unit} runs with ${difference(words, asked)}`]),
  ];
}

function difference(words: readonly string[], asked: readonly string[]): string {
  const more = words.filter((word) => !asked.includes(word));
  const less = asked.filter((word) => !words.includes(word));
  const parts = [...(more.length > 0 ? [`${more.join(' ')}, which its unit does not have`] : []), ...(less.length > 0 ? [`no ${less.join(' ')}, which its unit has`] : [])];
  return parts.join(', and ') || 'the flags of its unit in another order';
}
