import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../suite/check.ts';
import { messageOf } from './phase.ts';

/** Units whose own log is worth a file of its own. */
const UNITS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'containerd',
  'docker',
  'haproxy',
  'keepalived',
  'pod-network',
];

/** Configuration as it lies on the machine, but for private keys, kubeconfigs and what encrypts secrets at rest. */
const CONFIGURATION = `
find /etc/kubernetes /etc/etcd /etc/containerd /etc/docker /etc/cni /etc/haproxy /etc/keepalived /etc/proofgrid \
  /etc/systemd/system -type f -size -256k ! -name '*.key' ! -name '*.conf' ! -name '*encryption*' ! -path '*/wants/*' \
  2>/dev/null | sort | while read -r file; do printf '==> %s\\n' "$file"; cat "$file"; echo; done`;

/** What the engine has, which it says without an API server too. crictl where the cell has it: exit codes and attempts are there alone. */
const CONTAINERS = `
if command -v crictl >/dev/null; then set -- 'crictl --timeout=10s pods' 'crictl --timeout=10s ps --all' 'crictl --timeout=10s images'
elif command -v docker >/dev/null; then set -- 'docker ps --all' 'docker images'
elif command -v ctr >/dev/null; then set -- 'ctr --namespace k8s.io containers list' 'ctr --namespace k8s.io tasks list' 'ctr --namespace k8s.io images list'
fi
for command; do printf '==> %s\n' "$command"; $command 2>&1 || printf '# exit code %s\n' "$?"; done`;

/** No Secret and no ConfigMap is ever read. */
const KINDS = 'nodes,pods,services,endpoints,events,deployments,daemonsets,replicasets,leases,certificatesigningrequests';

const ETCD = `etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/server.crt \
  --key=/etc/etcd/pki/server.key endpoint status --cluster -w json`;

/** No control plane keeps an administrator's kubeconfig: it is there in memory, for as long as this takes. Asks the machine's own API server. */
const OBJECTS = `umask 077; file=$(mktemp --tmpdir=/run); trap 'rm -f "$file"' EXIT; cat >"$file"
  server=$(sed -n 's/.*"server": "\\([^"]*\\)".*/\\1/p' /etc/kubernetes/scheduler.conf)
  kubectl --kubeconfig="$file" --server="$server" --request-timeout=10s get ${KINDS} --all-namespaces --output=json`;

/** Known secrets are masked; a machine may print others. */
const PRIVATE = { mode: 0o600 };

interface Source {
  readonly file: string;
  readonly command: readonly string[];
  readonly input?: string;
}

export interface EvidenceRequest {
  readonly directory: string;
  readonly hosts: readonly Host[];
  /** Masks the secrets of the run in whatever text a machine gives. */
  readonly redact: (text: string) => string;
  /** Milliseconds for each command; a machine that is down must not hold up the rest. */
  readonly limitMs: number;
  /** Only the journals: for a run that was interrupted and has seconds left. */
  readonly brief?: boolean;
  readonly console?: (machine: string) => Promise<string>;
  /** Of an administrator; only once there is a cluster. */
  readonly kubeconfig?: string | undefined;
}

/** Gathers what a person needs to understand the cell afterwards. Never rejects: what could not be read says so in its file. */
export async function gatherEvidence(request: EvidenceRequest): Promise<string[]> {
  const perHost = request.hosts.map(async (host) => {
    const directory = path.join(request.directory, host.name);
    await mkdir(directory, { recursive: true });
    const sources = request.brief === true ? [journalOf()] : sourcesOf(host, request.kubeconfig);
    const files = await Promise.all(sources.map((source) => save(request, host, directory, source)));
    const console = await saveConsole(request, host.name, directory);
    return [...files, ...console];
  });
  return (await Promise.all(perHost)).flat();
}

function journalOf(): Source {
  return { file: 'journal.log', command: ['journalctl', '--no-pager', '--output=short-iso-precise', '--lines=50000'] };
}

function sourcesOf(host: Host, kubeconfig: string | undefined): Source[] {
  const shell = (script: string) => ['sh', '-c', script];
  const unitLogs = shell(
    `for unit in ${UNITS.join(' ')}; do printf '==> %s\\n' "$unit"; journalctl --no-pager --output=short-iso --lines=400 --unit="$unit.service"; done`,
  );
  const everywhere: Source[] = [
    journalOf(),
    { file: 'components.log', command: unitLogs },
    { file: 'units.txt', command: ['systemctl', 'list-units', '--all', '--no-pager', '--full'] },
    { file: 'network.txt', command: shell('ip address; ip route; ip -6 route; ip -d link; iptables-save; ip6tables-save; ss -tlnp') },
    { file: 'resources.txt', command: shell('df -h; free -m; ps -eo pid,ppid,stat,etimes,rss,comm') },
    { file: 'configuration.txt', command: shell(CONFIGURATION) },
    { file: 'containers.txt', command: shell(CONTAINERS) },
    { file: 'pods.log', command: shell('tail -n 200 /var/log/pods/*/*/*.log 2>/dev/null') },
  ];
  return [
    ...everywhere,
    ...(host.roles.includes('control-plane') && kubeconfig !== undefined ? [{ file: 'objects.json', command: shell(OBJECTS), input: kubeconfig }] : []),
    ...(host.roles.includes('etcd') ? [{ file: 'etcd-status.json', command: shell(ETCD) }] : []),
  ];
}

async function save(request: EvidenceRequest, host: Host, directory: string, { file, command, input }: Source): Promise<string> {
  const target = path.join(directory, file);
  const text = await host.exec(command, { limitMs: request.limitMs, ...(input === undefined ? {} : { input }) }).then(
    ({ stdout, stderr, exitCode }) => (exitCode === 0 ? stdout : `${stdout}\n# exit code ${exitCode}\n${stderr}`),
    (error: unknown) => `# could not be gathered: ${messageOf(error)}\n`,
  );
  await writeFile(target, request.redact(text), PRIVATE);
  return target;
}

async function saveConsole(request: EvidenceRequest, machine: string, directory: string): Promise<string[]> {
  if (request.console === undefined) return [];
  const target = path.join(directory, 'console.log');
  const text = await request.console(machine).catch((error: unknown) => `# could not be gathered: ${messageOf(error)}\n`);
  await writeFile(target, request.redact(text), PRIVATE);
  return [target];
}
