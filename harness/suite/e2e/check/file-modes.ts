import type { Check, ClusterContext, Host } from '../../check.ts';
import { controlPlanes, etcdMembers, last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { fileComplaints, type FileRule } from '../file-state.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';

const ROOT = 'root:root';
const unit = (name: string) => `/etc/systemd/system/${name}.service`;

const ON_NODES: readonly FileRule[] = [
  { paths: [unit('kubelet')], mode: 0o600, owner: ROOT, ids: '4.1.1, 4.1.2' },
  { paths: ['/etc/kubernetes/kube-proxy.conf'], mode: 0o600, owner: ROOT, ids: '4.1.3, 4.1.4' },
  { paths: ['/etc/kubernetes/kubelet.conf'], mode: 0o600, owner: ROOT, ids: '4.1.5, 4.1.6' },
  { paths: ['/etc/kubernetes/pki/ca.crt'], mode: 0o644, owner: ROOT, ids: '4.1.7, 4.1.8' },
  { paths: ['/etc/kubernetes/kubelet.yaml', '/etc/kubernetes/kube-proxy.yaml'], mode: 0o600, owner: ROOT, ids: '4.1.9, 4.1.10' },
  { paths: ['/etc/kubernetes/pki/*.key'], mode: 0o600, owner: ROOT, ids: '1.1.19, 1.1.21' },
  { paths: ['/etc/kubernetes/pki/*.crt'], mode: 0o644, owner: ROOT, ids: '1.1.19, 1.1.20' },
  // A network that brings its own writes them itself.
  { paths: ['/etc/cni/net.d/*-proofgrid.conflist'], mode: 0o600, owner: ROOT, ids: '1.1.9, 1.1.10', optional: true },
];
const ON_CONTROL_PLANES: readonly FileRule[] = [
  { paths: [unit('kube-apiserver')], mode: 0o644, owner: ROOT, ids: '1.1.2' },
  { paths: [unit('kube-controller-manager')], mode: 0o644, owner: ROOT, ids: '1.1.4' },
  { paths: [unit('kube-scheduler')], mode: 0o644, owner: ROOT, ids: '1.1.6' },
  { paths: ['/etc/kubernetes/scheduler.conf'], mode: 0o600, owner: ROOT, ids: '1.1.15, 1.1.16' },
  { paths: ['/etc/kubernetes/controller-manager.conf'], mode: 0o600, owner: ROOT, ids: '1.1.17, 1.1.18' },
  { paths: ['/etc/kubernetes/encryption.yaml'], mode: 0o600, owner: ROOT, ids: '1.2.28' },
  { paths: ['/var/log/kubernetes/audit'], mode: 0o700, owner: 'kube-apiserver:kube-apiserver', ids: '1.2.16' },
];
const ON_ETCD: readonly FileRule[] = [
  { paths: [unit('etcd')], mode: 0o644, owner: ROOT, ids: '1.1.8' },
  { paths: ['/etc/etcd/etcd.yaml'], mode: 0o600, owner: ROOT, ids: '1.1.7, 1.1.8' },
  { paths: ['/var/lib/etcd'], mode: 0o700, owner: 'etcd:etcd', ids: '1.1.11, 1.1.12' },
  { paths: ['/etc/etcd/pki/*.key'], mode: 0o600, owner: ROOT, ids: '1.1.19, 1.1.21' },
];
/** The key of an administrator in any shape. */
const ADMIN = '/etc/kubernetes/{admin.conf,super-admin.conf,pki/admin.key}';

export const fileModes: Check = {
  name: 'file-modes',
  title: 'Units, kubeconfigs, keys and data are readable by their owner alone, and no machine keeps the key of an administrator (CIS 1.1, 4.1)',
  // Two commands on each machine.
  limitMs: 30_000,
  needs: ['document', 'machines'],
  async run(context) {
    const complaints = await Promise.all(context.hosts.map((host) => complain(context, host)));
    return judgeComplaints('files with the modes and owners of the benchmark', complaints.flat());
  },
  sabotages: [
    {
      name: 'kubeconfig-for-everybody',
      observed: /^\S+: \/etc\/kubernetes\/kubelet\.conf has mode 0644, more than 0600 \(4\.1\.5, 4\.1\.6\)$/,
      apply: faulty(async (context, mend) => changed(last(nodes(context)), '/etc/kubernetes/kubelet.conf', ['chmod', '0644'], mend)),
    },
    {
      name: 'key-given-away',
      observed: /^\S+: \/etc\/kubernetes\/pki\/ca\.key belongs to nobody:nogroup, not to root:root \(1\.1\.19, 1\.1\.21\)$/,
      apply: faulty(async (context, mend) => changed(last(controlPlanes(context)), '/etc/kubernetes/pki/ca.key', ['chown', 'nobody:nogroup'], mend)),
    },
    {
      name: 'administrator-left',
      observed: /^\S+: \/etc\/kubernetes\/admin\.conf is there \(1\.1\.13\)$/,
      apply: faulty(async (context, mend) => {
        const host = last(controlPlanes(context));
        mend(() => must(host, ['rm', '-f', '/etc/kubernetes/admin.conf']));
        await must(host, ['touch', '/etc/kubernetes/admin.conf']);
      }),
    },
  ],
};

async function complain(context: ClusterContext, host: Host): Promise<string[]> {
  const is = (group: readonly Host[]) => group.some(({ name }) => name === host.name);
  const rules = [
    ...(is(nodes(context)) ? ON_NODES : []),
    ...(is(controlPlanes(context)) ? ON_CONTROL_PLANES : []),
    ...(is(etcdMembers(context)) ? ON_ETCD : []),
  ];
  const left = await must(host, ['bash', '-c', `ls -d ${ADMIN} 2>/dev/null || true`]);
  return [...(await fileComplaints(host, rules)), ...left.split('\n').flatMap((path) => (path === '' ? [] : [`${host.name}: ${path} is there (1.1.13)`]))];
}

/** Changes a file's mode or owner, and puts both back. */
async function changed(host: Host, path: string, change: readonly string[], mend: (undo: () => Promise<unknown>) => void): Promise<void> {
  const [mode = '', owner = ''] = (await must(host, ['stat', '-c', '%a %U:%G', path])).trim().split(' ');
  mend(() => must(host, ['chmod', mode, path]));
  mend(() => must(host, ['chown', owner, path]));
  await must(host, [...change, path]);
}
