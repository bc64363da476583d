import { z } from 'zod';
import { parse } from 'yaml';
import type { ClusterContext, Host } from '../check.ts';
import { bracket, etcdMembers } from './api-server.ts';
import type { Member } from './etcd.ts';
import { must } from './machine.ts';
import { forVersion, playbookVariables, templateSettings, type Variables } from './playbook-data.ts';
import { settingComplaints } from './settings.ts';

export const ETCD_FILE = '/etc/etcd/etcd.yaml';
const RECORD = '/etc/proofgrid/etcd.json';
/** What a power cut empties, as `stat --file-system` names it. */
const VOLATILE = ['tmpfs', 'ramfs'];

/** Asks the process and not the path: what is mounted over a directory later is not where etcd writes. */
const SCRIPT = `import json, os, subprocess, sys, urllib.request
def read(path):
    try:
        return open(path).read()
    except OSError:
        return None
def kind(path):
    return subprocess.check_output(['stat', '--file-system', '--format=%T', path], text=True).strip()
def upper(process, path):
    rows = [line.split() for line in read(process + '/mountinfo').splitlines()]
    row = max((row for row in rows if (path + '/').startswith(row[4].rstrip('/') + '/')), key=lambda row: len(row[4]))
    found = [option[9:] for option in row[-1].split(',') if option.startswith('upperdir=')]
    return kind(found[0]) if found and os.path.isdir(found[0]) else None
def target(link):
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return '' # closed since it was listed
pid = subprocess.check_output(['systemctl', 'show', '--property=MainPID', '--value', 'etcd.service'], text=True).strip()
process = '/proc/' + pid
words = (read(process + '/cmdline') or '').split('\\0')
files = [(target(process + '/fd/' + name), process + '/fd/' + name) for name in os.listdir(process + '/fd')] if pid != '0' else []
store = [(path, link) for path, link in files if path.endswith('/member/snap/db')]
client = urllib.request.build_opener(urllib.request.ProxyHandler({}))
metrics = client.open(sys.argv[1] + '/metrics', timeout=10).read().decode().splitlines() if store else []
quota = [float(line.split()[1]) for line in metrics if line.startswith('etcd_server_quota_backend_bytes ')]
print(json.dumps({
    'directory': store[0][0][:-len('/member/snap/db')] if store else None,
    'kinds': [one for one in [kind(store[0][1]), upper(process, store[0][0])] if one] if store else [],
    'quota': quota[0] if quota else None,
    'live': read(process + '/root' + words[words.index('--config-file') + 1]) if '--config-file' in words else None,
    'disk': read(sys.argv[2]), 'record': read(sys.argv[3])}))
`;

const answer = z.object({
  directory: z.string().nullable(),
  /** Of the file system that the data is in, and of the one above which an overlay lies, where the machine sees it. */
  kinds: z.array(z.string()),
  /** Bytes. */
  quota: z.number().nullable(),
  /** Configuration as the process got it, and as it lies on the disk. */
  live: z.string().nullable(),
  disk: z.string().nullable(),
  record: z.string().nullable(),
});
export type EtcdSeen = z.infer<typeof answer>;

/** What the playbooks write for a member. `initial-cluster` is read only while the data directory is empty. */
export function expectedEtcd(context: Pick<ClusterContext, 'deployment'>, host: Pick<Host, 'name' | 'address'>): Variables {
  const variables = playbookVariables('group_vars/all/etcd.yml', 'group_vars/all/hardening.yml', 'roles/etcd/vars/main.yml', 'roles/etcd/defaults/main.yml');
  const { metadata, spec } = context.deployment;
  const given = { inventory_hostname: host.name, host: bracket(host.address), cluster_name: metadata.name };
  const { etcd_versions: rows } = playbookVariables('group_vars/all/versions/etcd.yml') as { etcd_versions: { settings: unknown } };
  return { ...templateSettings('roles/etcd/templates/etcd.yaml.j2', variables, given, /^(\{% set |initial-cluster:)/), ...forVersion(rows.settings, spec.etcd.version) };
}

export async function seeEtcd(host: Host): Promise<EtcdSeen> {
  const { etcd_metrics_url: url } = playbookVariables('group_vars/all/etcd.yml');
  return answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT, String(url), ETCD_FILE, RECORD])));
}

/** What of a member is not as the document and the playbooks have it. */
export function etcdComplaints(expected: Variables, seen: EtcdSeen): string[] {
  if (seen.directory === null) return ['etcd has no data open'];
  const [live, disk] = [settingsOf(seen.live), settingsOf(seen.disk)];
  const volatile = seen.kinds.find((kind) => VOLATILE.includes(kind));
  return [
    ...(seen.directory === expected['data-dir'] ? [] : [`the data lies in ${seen.directory}, expected ${String(expected['data-dir'])}`]),
    ...(volatile === undefined ? [] : [`the data lies in ${volatile}, and is gone after a reboot`]),
    ...(seen.quota === expected['quota-backend-bytes'] ? [] : [`the quota is ${seen.quota} bytes, expected ${String(expected['quota-backend-bytes'])}`]),
    ...settingComplaints({ what: 'etcd', expected, live, disk, file: ETCD_FILE, besides: ['initial-cluster'] }),
  ];
}

/** Which cluster the members say they are in; one, and the one that the machines were deployed into. */
export function clusterComplaints(members: readonly { readonly host: Pick<Host, 'name'>; readonly cluster: string; readonly record: string | null }[]): string[] {
  const ids = [...new Set(members.map(({ cluster }) => cluster))];
  const split = ids.length > 1 ? [`members are in the clusters ${ids.join(', ')}`] : [];
  const other = members.flatMap(({ host, cluster, record }) => {
    const known = record === null ? cluster : String((JSON.parse(record) as { cluster_id: unknown }).cluster_id);
    return known === cluster ? [] : [`${host.name}: is in cluster ${cluster}, was deployed into ${known}`];
  });
  return [...split, ...other];
}

/** Members reach each other at the addresses that the document gives their machines. */
export function peerComplaints(context: Pick<ClusterContext, 'hosts'>, members: readonly Member[]): string[] {
  const { etcd_peer_port: port } = playbookVariables('group_vars/all/etcd.yml');
  const hosts = etcdMembers(context);
  return members.flatMap(({ name, peerURLs }) => {
    const address = hosts.find((host) => host.name === name)?.address;
    const expected = address === undefined ? 'nothing: the document has no such member' : `https://${bracket(address)}:${String(port)}`;
    return peerURLs.join(', ') === expected ? [] : [`peers reach ${name} at ${peerURLs.join(', ')}, expected ${expected}`];
  });
}

function settingsOf(text: string | null): Variables {
  return (text === null ? {} : parse(text)) as Variables;
}
