import { z } from 'zod';

/** RFC 1123 label, the rule for names of Kubernetes objects: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be an RFC 1123 label');
/** Several labels, so that nobody shadows a top-level domain by mistake. */
const domain = z.string().max(253).regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a domain of two labels or more, in lower case, without a dot at the end');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');
const cidr = z.union([z.cidrv4(), z.cidrv6()]);

export const ROLES = ['etcd', 'control-plane', 'worker'] as const;
export const RUNTIMES = ['containerd', 'docker'] as const;
export const NETWORK_PLUGINS = ['host-gw', 'vxlan', 'flannel-host-gw', 'flannel-vxlan', 'manifest'] as const;
/** Of kube-proxy: https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-modes */
export const PROXY_MODES = ['iptables', 'nftables'] as const;

/** Where a component's files come from; the playbooks verify each file's checksum whatever the way. */
const binarySource = z.discriminatedUnion('type', [
  /** A directory that is already on every machine (golden image or a read-only seed disk); files are linked, not copied. */
  z.strictObject({ type: z.literal('directory'), path: z.string().startsWith('/') }),
  /** A base URL; `<url>/<file>` is downloaded by the machine itself. */
  z.strictObject({ type: z.literal('url'), url: z.url() }),
]);

const binaries = z.strictObject({
  source: binarySource,
  /** File name → SHA-256 of its content. */
  sha256: z.record(z.string(), sha256),
});

/** A container image as an archive (docker-archive) that the runtime loads, for machines without a registry. */
const imageArchive = z.strictObject({
  reference: z.string().min(1),
  path: z.string().startsWith('/'),
  sha256,
});

const machine = z.strictObject({
  name: label,
  roles: z.array(z.enum(ROLES)).min(1),
});

const image = z.string().min(1);
/** An add-on that the cluster does without, and why: skipped checks show it. */
const withoutAddOn = z.strictObject({ type: z.literal('none'), reason: z.string().min(1) });
const NOT_ASKED_FOR = { type: 'none', reason: 'the document asks for none' } as const;

const address = z.union([z.ipv4(), z.ipv6()]);
/** Names of the cluster, and who knows all others. */
const coreDns = z.strictObject({
  type: z.literal('coredns'),
  image,
  /** Asked for every other name; without any it is what each machine's own resolv.conf says. */
  upstreamNameservers: z.array(address).default([]),
  /** Domain → the servers that know it: `corp.example.com` → `10.0.0.53`. */
  stubDomains: z.record(domain, z.array(address).min(1)).default({}),
});

/** How clients reach the API. */
const endpoint = z.discriminatedUnion('type', [
  /** The only control plane's own address and port. */
  z.strictObject({ type: z.literal('direct'), port: z.int().min(1).max(65535).default(6443) }),
  /** haproxy on every control plane behind one address that keepalived moves (VRRP). */
  z.strictObject({
    type: z.literal('virtual-address'),
    address: z.union([z.ipv4(), z.ipv6()]),
    port: z.int().min(1).max(65535).default(8443),
  }),
  /** Somebody else's load balancer. */
  z.strictObject({ type: z.literal('external'), host: z.string().min(1), port: z.int().min(1).max(65535) }),
]);

export const clusterDeploymentSchema = z.strictObject({
  apiVersion: z.literal('proofgrid.dev/v1alpha1'),
  kind: z.literal('ClusterDeployment'),
  metadata: z.strictObject({
    name: label,
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.strictObject({
    kubernetes: z.strictObject({
      /** Semantic version without the leading `v`, as the API server must report it: `1.20.2+deb12u1`, `1.34.1`. */
      version: z.string().regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/),
      binaries,
    }),
    etcd: z.strictObject({
      /** Exact version that every member must report: `3.4.23`. */
      version: z.string().regex(/^\d+\.\d+\.\d+/),
      binaries,
    }),
    runtime: z.strictObject({
      name: z.enum(RUNTIMES),
      /** Exact version that nodes must report, where it is pinned. */
      version: z.string().optional(),
      /** An upstream release; without it the engine is the operating system's package, installed already. */
      binaries: binaries.optional(),
      /** Loaded before any kubelet starts. The pause image is named here too. */
      images: z.array(imageArchive).default([]),
      pauseImage: z.string().default('registry.k8s.io/pause:3.10'),
    }),
    network: z.strictObject({
      plugin: z.enum(NETWORK_PLUGINS),
      podCIDR: cidr.default('10.244.0.0/16'),
      serviceCIDR: cidr.default('10.96.0.0/16'),
      /** Path of the user's CNI manifest; needed by, and only allowed with, the plugin `manifest`. */
      manifest: z.string().optional(),
      /** Image of flannel; needed by, and only allowed with, the flannel plugins. */
      image: image.optional(),
      proxyMode: z.enum(PROXY_MODES).default('iptables'),
      /** What enforces NetworkPolicy objects, where the network itself does not. */
      policy: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('kube-router'), image }), withoutAddOn]).default(NOT_ASKED_FOR),
    }),
    dns: z.discriminatedUnion('type', [coreDns, withoutAddOn]),
    /** What serves the aggregated API metrics.k8s.io. */
    metrics: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('metrics-server'), image }), withoutAddOn]).default(NOT_ASKED_FOR),
    /** What makes volumes for claims of the default storage class: directories of the node on which their pod runs. */
    storage: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('local-volumes'), image }), withoutAddOn]).default(NOT_ASKED_FOR),
    controlPlane: z.strictObject({
      endpoint,
      /** Extra names and addresses in the API server's certificate. */
      certSANs: z.array(z.string()).default([]),
    }),
    /** Manifests applied server-side after the network, in this order, and waited for. */
    addOns: z.array(z.strictObject({ name: label, manifest: z.string() })).default([]),
    machines: z.array(machine).min(1),
  }),
}).superRefine(({ spec }, context) => {
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path: ['spec', ...path], message });
  const names = spec.machines.map(({ name }) => name);
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index) complain(['machines', index, 'name'], `duplicate machine ${name}`);
  });
  const count = (role: (typeof ROLES)[number]) => spec.machines.filter(({ roles }) => roles.includes(role)).length;
  if (count('etcd') % 2 === 0) complain(['machines'], `etcd needs an odd number of members, got ${count('etcd')}`);
  if (count('control-plane') === 0) complain(['machines'], 'no machine has the role control-plane');
  if (count('control-plane') > 1 && spec.controlPlane.endpoint.type === 'direct') {
    complain(['controlPlane', 'endpoint'], 'more than one control plane needs a virtual-address or an external endpoint');
  }
  if (spec.runtime.binaries !== undefined && spec.runtime.version === undefined) {
    complain(['runtime', 'version'], 'binaries are of one version: name it');
  }
  if ((spec.network.plugin === 'manifest') !== (spec.network.manifest !== undefined)) {
    complain(['network', 'manifest'], 'a manifest is needed by the plugin manifest, and allowed with no other');
  }
  if (spec.network.plugin.startsWith('flannel-') !== (spec.network.image !== undefined)) {
    complain(['network', 'image'], 'an image is needed by the flannel plugins, and allowed with no other');
  }
});

/** The one document that CI and the operator hand to the lifecycle runner. */
export type ClusterDeployment = z.infer<typeof clusterDeploymentSchema>;
/** The document as a person writes it, before defaults. */
export type ClusterDeploymentInput = z.input<typeof clusterDeploymentSchema>;
export type Role = (typeof ROLES)[number];
export type Runtime = (typeof RUNTIMES)[number];
