import { stringify } from 'yaml';
import type { ClusterDeploymentInput } from '../lifecycle/cluster-deployment.ts';
import type { TextAt } from './schema-strings.ts';

const sha256 = 'a'.repeat(64);
const EXECUTABLES = [
  'etcd', 'etcdctl', 'etcdutl', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet', 'kube-proxy',
  'bridge', 'host-local', 'loopback', 'portmap', 'crictl',
];
const sums = () => Object.fromEntries(EXECUTABLES.map((name) => [name, sha256]));

/** Documents that together have every field that holds texts. Who adds a field to the schema adds it here. */
export const CLUSTERS: readonly ClusterDeploymentInput[] = [
  {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'ClusterDeployment',
    metadata: { name: 'canary', labels: { team: 'one' }, annotations: { note: 'text' } },
    spec: {
      kubernetes: { version: '1.34.4', binaries: { source: { type: 'directory', path: '/opt/kubernetes' }, sha256: sums() } },
      etcd: { version: '3.6.16', binaries: { source: { type: 'directory', path: '/opt/etcd' }, sha256: sums() } },
      runtime: {
        name: 'containerd',
        version: '2.4.2',
        binaries: { source: { type: 'directory', path: '/opt/containerd' }, sha256: sums() },
        crictl: { version: '1.34.0', binaries: { source: { type: 'directory', path: '/opt/crictl' }, sha256: sums() } },
        images: [{ reference: 'localhost/pause:1', path: '/opt/images/pause.tar', sha256 }],
        pauseImage: 'localhost/pause:1',
      },
      network: { plugin: 'manifest', manifest: 'network.yaml', podCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16', policy: { type: 'kube-router', image: 'localhost/kube-router:1' } },
      dns: { type: 'coredns', image: 'localhost/coredns:1', upstreamNameservers: ['10.0.0.53'], stubDomains: { 'corp.example': ['10.0.0.54'] } },
      metrics: { type: 'metrics-server', image: 'localhost/metrics-server:1' },
      storage: { type: 'local-volumes', image: 'localhost/local-volumes:1' },
      controlPlane: { endpoint: { type: 'virtual-address', address: '10.213.0.9' }, certSANs: ['api.example.com'] },
      addOns: [{ name: 'mine', manifest: 'add-on.yaml' }],
      machines: [{ name: 'one', roles: ['etcd', 'control-plane', 'worker'], address: '10.213.0.10' }, { name: 'two', roles: ['control-plane'] }],
    },
  },
  {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'ClusterDeployment',
    metadata: { name: 'canary' },
    spec: {
      kubernetes: { version: '1.34.4', binaries: { source: { type: 'url', url: 'https://mirror.example/kubernetes' }, sha256: sums() } },
      etcd: { version: '3.6.16', binaries: { source: { type: 'url', url: 'https://mirror.example/etcd' }, sha256: sums() } },
      runtime: {
        name: 'containerd',
        version: '2.4.2',
        binaries: { source: { type: 'url', url: 'https://mirror.example/containerd' }, sha256: sums() },
        crictl: { version: '1.34.0', binaries: { source: { type: 'url', url: 'https://mirror.example/crictl' }, sha256: sums() } },
      },
      network: {
        plugin: 'flannel-vxlan',
        image: 'localhost/flannel:1',
        plugins: { version: '1.10.0', binaries: { source: { type: 'url', url: 'https://mirror.example/cni' }, sha256: sums() } },
        policy: { type: 'none', reason: 'text' },
      },
      dns: { type: 'none', reason: 'text' },
      metrics: { type: 'none', reason: 'text' },
      storage: { type: 'none', reason: 'text' },
      controlPlane: { endpoint: { type: 'external', host: 'api.example.com', port: 6443 } },
      machines: [{ name: 'one', roles: ['etcd', 'control-plane'] }, { name: 'two', roles: ['worker'] }],
    },
  },
  {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'ClusterDeployment',
    metadata: { name: 'canary' },
    spec: {
      kubernetes: { version: '1.20.2', binaries: { source: { type: 'directory', path: '/opt/kubernetes' }, sha256: sums() } },
      etcd: { version: '3.4.23', binaries: { source: { type: 'directory', path: '/opt/etcd' }, sha256: sums() } },
      runtime: { name: 'docker', pauseImage: 'localhost/pause:1' },
      network: { plugin: 'vxlan', plugins: { version: '1.10.0', binaries: { source: { type: 'directory', path: '/opt/cni' }, sha256: sums() } } },
      dns: { type: 'coredns', image: 'localhost/coredns:1' },
      controlPlane: { endpoint: { type: 'direct' } },
      machines: [{ name: 'one', roles: ['etcd', 'control-plane'] }, { name: 'two', roles: ['worker'] }],
    },
  },
];

export const INVENTORY = {
  all: {
    hosts: {
      one: { ansible_host: '10.213.0.10', ansible_connection: 'local', ansible_python_interpreter: '/usr/bin/python3', ansible_ssh_common_args: '-F none' },
      two: { ansible_host: '10.213.0.11', ansible_connection: 'local', ansible_python_interpreter: '/usr/bin/python3', ansible_ssh_common_args: '-F none' },
    },
  },
};

/**
 * What must never be evaluated: a command in Jinja, arithmetic for formats that have no quotes, what other programs'
 * templates look like, and a list, which Ansible would make of a text.
 * @param file is made by whoever evaluates the first
 */
export function canaries(file: string): string[] {
  const command = `{{ lookup('pipe', 'touch ${file}') }}`;
  return [command, `/${command}`, '[{{ 7000 + 77 }}, 1]', '{{ .Values.x }} {% raw %} {#', '/{{ 7000 + 77 }}/{{ .Values.x }}', 'a{{7000+77}}.example', 'https://a.example/{{7000+77}}'];
}

/** What the arithmetic of the canaries would leave. */
export const EVALUATED = '7077';

/** A document as a person writes it, and the line and column at which one of its texts stands. */
export function written(document: object, { path, part }: TextAt): { text: string; line: number; column: number } {
  const marker = 'MARKED-PLACE';
  const text = stringify(document, { lineWidth: 0 });
  const before = stringify(marked(document, path, part, marker), { lineWidth: 0 });
  const line = before.slice(0, before.indexOf(marker)).split('\n');
  return { text, line: line.length, column: (line.at(-1)?.length ?? 0) + 1 };
}

function marked(value: unknown, [step, ...rest]: TextAt['path'], part: TextAt['part'], marker: string): unknown {
  if (step === undefined) return marker;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? marked(item, rest, part, marker) : item));
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => {
    if (key !== step) return [key, inner];
    return rest.length === 0 && part === 'key' ? [marker, inner] : [key, marked(inner, rest, part, marker)];
  }));
}
