import { KUBERNETES_BINARIES } from '../kubernetes/version.ts';
import { WRAPPER_MODULE } from './wrapper.ts';
import type { GoBuild, GoComponent, GoProgram, Release } from './component.ts';

const MINUTE = 60_000;
const KUBERNETES = 'k8s.io/kubernetes';
/** Where Kubernetes keeps the version that its programs report, and the one that they send as clients. */
const KUBERNETES_VERSION_PACKAGES = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'] as const;

/** As in hack/lib/version.sh and hack/lib/golang.sh of Kubernetes. A module has no commit, so none is claimed. */
function kubernetesStamps(version: string, { time }: Release): Record<string, string> {
  const [major = '', minor = ''] = version.split('.');
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'archive', gitCommit: 'unknown', buildDate: time };
  return Object.fromEntries(KUBERNETES_VERSION_PACKAGES.flatMap((name) => Object.entries(values).map(([key, value]) => [`${name}.${key}`, value])));
}

const kubernetesShared = {
  tags: ['selinux', 'notest', 'grpcnotrace'],
  stamps: kubernetesStamps,
  // 1.37.2 → 0.37.2: https://github.com/kubernetes/kubernetes/tree/master/staging
  staging: (version: string) => version.replace(/^1\./, '0.'),
} as const satisfies Partial<GoBuild>;

const COREDNS = 'github.com/coredns/coredns';
/**
 * All plugins but those for zones in somebody's cloud or etcd and for tracers, which are half of the compilation and
 * which no cluster needs: https://coredns.io/2017/07/25/compile-time-enabling-or-disabling-plugins/
 */
const COREDNS_PLUGINS = [
  'acl', 'any', 'auto', 'autopath', 'bind', 'bufsize', 'cache', 'cancel', 'chaos', 'debug', 'dns64', 'dnssec', 'erratic', 'errors', 'file',
  'forward', 'grpc', 'header', 'health', 'hosts', 'k8s_external', 'kubernetes', 'loadbalance', 'local', 'log', 'loop', 'metadata', 'metrics',
  'minimal', 'nsid', 'pprof', 'ready', 'reload', 'rewrite', 'root', 'secondary', 'sign', 'template', 'timeouts', 'tls', 'transfer', 'view', 'whoami',
] as const;

const PROVISIONER_LIBRARY = 'sigs.k8s.io/sig-storage-lib-external-provisioner/v13';

const programs = (module: string, packages: Readonly<Record<string, string>>): Record<string, GoProgram> =>
  Object.fromEntries(Object.entries(packages).map(([name, path]) => [name, { module, package: path === '.' ? module : `${module}/${path}` }]));

/** The program of the test pods; its own version is the image's, which a file beside its source says. */
export const AGNHOST: GoBuild = { ...kubernetesShared, programs: programs(KUBERNETES, { agnhost: 'test/images/agnhost' }), fileStamps: { 'main.Version': 'test/images/agnhost/VERSION' } };

const CNI_PLUGINS = 'github.com/containernetworking/plugins';
/** The last release of the CNI plugins that has flannel's; its own module is not served. */
export const FLANNEL_CNI_PLUGIN: GoBuild = { programs: programs(CNI_PLUGINS, { flannel: 'plugins/meta/flannel' }) };

/** Everything that can be built from Go modules. How each project builds its own releases is what the rows follow. */
export const GO_COMPONENTS = {
  kubernetes: {
    ...kubernetesShared,
    title: 'Kubernetes',
    programs: programs(KUBERNETES, Object.fromEntries(KUBERNETES_BINARIES.map((name) => [name, `cmd/${name}`]))),
    proof: { program: 'kubelet', args: ['--version'], pattern: /^Kubernetes v(\S+)/ },
    estimateMs: 10 * MINUTE,
  },
  etcd: {
    title: 'etcd',
    programs: {
      ...programs('go.etcd.io/etcd/server/v3', { etcd: '.' }),
      ...programs('go.etcd.io/etcd/etcdctl/v3', { etcdctl: '.' }),
      ...programs('go.etcd.io/etcd/etcdutl/v3', { etcdutl: '.' }),
    },
    proof: { program: 'etcd', args: ['--version'], pattern: /^etcd Version: (\S+)/m },
    estimateMs: 1.2 * MINUTE,
  },
  containerd: {
    title: 'containerd',
    programs: programs('github.com/containerd/containerd/v2', {
      containerd: 'cmd/containerd',
      'containerd-shim-runc-v2': 'cmd/containerd-shim-runc-v2',
      ctr: 'cmd/ctr',
    }),
    tags: ['netgo', 'osusergo', 'static_build', 'no_btrfs'],
    stamps: (version) => ({ 'github.com/containerd/containerd/v2/version.Version': `v${version}` }),
    proof: { program: 'containerd', args: ['--version'], pattern: /^containerd \S+ v?(\S+)/ },
    estimateMs: 1.6 * MINUTE,
  },
  runc: {
    title: 'runc',
    programs: programs('github.com/opencontainers/runc', { runc: '.' }),
    tags: ['seccomp', 'netgo', 'osusergo', 'urfave_cli_no_docs'],
    cgo: true,
    proof: { program: 'runc', args: ['--version'], pattern: /^runc version (\S+)/ },
    estimateMs: 0.7 * MINUTE,
  },
  // Those that our own networks and flannel call, and loopback, which containerd does.
  'cni-plugins': {
    title: 'CNI plugins',
    programs: programs(CNI_PLUGINS, { bridge: 'plugins/main/bridge', 'host-local': 'plugins/ipam/host-local', loopback: 'plugins/main/loopback', portmap: 'plugins/meta/portmap' }),
    stamps: (version) => ({ [`${CNI_PLUGINS}/pkg/utils/buildversion.BuildVersion`]: `v${version}` }),
    // What a plugin says when nobody asks it for anything.
    proof: { program: 'bridge', args: [], pattern: /^CNI bridge plugin v(\S+)/m },
    estimateMs: 0.3 * MINUTE,
  },
  crictl: {
    title: 'crictl',
    programs: programs('sigs.k8s.io/cri-tools', { crictl: 'cmd/crictl' }),
    stamps: (version) => ({ 'sigs.k8s.io/cri-tools/pkg/version.Version': version }),
    proof: { program: 'crictl', args: ['--version'], pattern: /^crictl version v?(\S+)/ },
    estimateMs: 1.2 * MINUTE,
  },
  coredns: {
    title: 'CoreDNS',
    programs: {
      coredns: {
        module: COREDNS,
        package: `${WRAPPER_MODULE}/coredns`,
        main: { start: { package: `${COREDNS}/coremain`, call: 'coremain.Run' }, imports: COREDNS_PLUGINS.map((name) => `${COREDNS}/plugin/${name}`) },
      },
    },
    proof: { program: 'coredns', args: ['-version'], pattern: /^CoreDNS-(\S+)/ },
    estimateMs: 2.5 * MINUTE,
  },
  flannel: {
    title: 'flannel',
    programs: programs('github.com/flannel-io/flannel', { flanneld: '.' }),
    // The backend udp is C, and no tag leaves it out.
    cgo: true,
    tags: ['netgo', 'osusergo'],
    stamps: (version) => ({ 'github.com/flannel-io/flannel/pkg/version.Version': `v${version}` }),
    proof: { program: 'flanneld', args: ['--version'], pattern: /^v(\S+)$/m },
    estimateMs: 2 * MINUTE,
  },
  'kube-router': {
    title: 'kube-router',
    programs: programs('github.com/cloudnativelabs/kube-router/v2', { 'kube-router': 'cmd/kube-router' }),
    stamps: (version, { time }) => ({
      'github.com/cloudnativelabs/kube-router/v2/pkg/version.Version': `v${version}`,
      'github.com/cloudnativelabs/kube-router/v2/pkg/version.BuildDate': time,
    }),
    proof: { program: 'kube-router', args: ['--version'], pattern: / version v(\S+?),/ },
    estimateMs: 1.5 * MINUTE,
  },
  'metrics-server': {
    title: 'metrics-server',
    programs: programs('sigs.k8s.io/metrics-server', { 'metrics-server': 'cmd/metrics-server' }),
    stamps: (version) => ({ 'k8s.io/client-go/pkg/version.gitVersion': `v${version}` }),
    proof: { program: 'metrics-server', args: ['--version'], pattern: /^v(\S+)/ },
    estimateMs: 1.5 * MINUTE,
  },
  'local-volumes': {
    title: 'local-volumes',
    programs: {
      'local-volumes': {
        module: PROVISIONER_LIBRARY,
        package: `${WRAPPER_MODULE}/local-volumes`,
        main: { file: 'harness/artifact/image/local-volumes/main.go' },
      },
    },
    stamps: (version) => ({ 'main.version': version }),
    proof: { program: 'local-volumes', args: ['--version'], pattern: /^(\S+)/ },
    estimateMs: 1 * MINUTE,
  },
} as const satisfies Readonly<Record<string, GoComponent>>;
