import { z } from 'zod';
import { clusterProblems } from './cluster-rules.ts';
import {
  absolutePath, address, baseUrl, domain, fileName, host, image, label, labelKey, labelValue, localPath, networks, port, sha256, subjectName, version, versionOrMinor,
} from './formats.ts';

export const ROLES = ['etcd', 'control-plane', 'worker'] as const;
export const RUNTIMES = ['containerd', 'docker'] as const;
export const NETWORK_PLUGINS = ['host-gw', 'vxlan', 'flannel-host-gw', 'flannel-vxlan', 'manifest'] as const;
/** Of kube-proxy: https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-modes */
export const PROXY_MODES = ['iptables', 'nftables'] as const;

/** Where a component's files come from; the playbooks verify each file's checksum whatever the way. */
const binarySource = z.discriminatedUnion('type', [
  /** A directory that is already on every machine (golden image or a read-only seed disk); files are linked, not copied. */
  z.strictObject({ type: z.literal('directory'), path: absolutePath }),
  /** A base URL; `<url>/<file>` is downloaded by the machine itself. */
  z.strictObject({ type: z.literal('url'), url: baseUrl }),
]);

const binaries = z.strictObject({
  source: binarySource,
  /** File name → SHA-256 of its content. */
  sha256: z.record(fileName, sha256),
});

/** A component that is a release of its own. */
const component = z.strictObject({ version, binaries });

/** A container image as an archive (docker-archive) that the runtime loads, for machines without a registry. */
const imageArchive = z.strictObject({
  reference: image,
  path: absolutePath,
  sha256,
});

const machine = z.strictObject({
  name: label,
  roles: z.array(z.enum(ROLES)).min(1),
  /** Its own address in the cluster, where the runner reaches it over another; absent: what the inventory says. */
  address: address.optional(),
});

/** An add-on that the cluster does without, and why: skipped checks show it. */
const withoutAddOn = z.strictObject({ type: z.literal('none'), reason: z.string().min(1) });
const NOT_ASKED_FOR = { type: 'none', reason: 'the document asks for none' } as const;

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
  z.strictObject({ type: z.literal('direct'), port: port.default(6443) }),
  /** haproxy on every control plane behind one address that keepalived moves (VRRP). */
  z.strictObject({
    type: z.literal('virtual-address'),
    address,
    port: port.default(8443),
  }),
  /** Somebody else's load balancer. */
  z.strictObject({ type: z.literal('external'), host, port }),
]);

const shape = z.strictObject({
  apiVersion: z.literal('proofgrid.dev/v1alpha1'),
  kind: z.literal('ClusterDeployment'),
  metadata: z.strictObject({
    name: label,
    labels: z.record(labelKey, labelValue).optional(),
    annotations: z.record(labelKey, z.string()).optional(),
  }),
  spec: z.strictObject({
    kubernetes: z.strictObject({
      /** Semantic version without the leading `v`, as the API server must report it: `1.20.2+deb12u1`, `1.34.1`. */
      version,
      binaries,
    }),
    etcd: z.strictObject({
      /** Exact version that every member must report: `3.4.23`. */
      version,
      /** etcd and etcdctl; etcdutl where the release has it. */
      binaries,
    }),
    runtime: z.strictObject({
      name: z.enum(RUNTIMES),
      /** Exact version that nodes must report, where it is pinned. */
      version: versionOrMinor.optional(),
      /** An upstream release; without it the engine is the operating system's package, installed already. */
      binaries: binaries.optional(),
      /** Looks at containerd's pods and containers, with or without an API server; absent: machines have none. */
      crictl: component.optional(),
      /** Loaded before any kubelet starts. The pause image is named here too. */
      images: z.array(imageArchive).default([]),
      pauseImage: image.default('registry.k8s.io/pause:3.10'),
    }),
    network: z.strictObject({
      plugin: z.enum(NETWORK_PLUGINS),
      podCIDR: networks.default('10.244.0.0/16'),
      serviceCIDR: networks.default('10.96.0.0/16'),
      /** Path of the user's CNI manifest; needed by, and only allowed with, the plugin `manifest`. */
      manifest: localPath.optional(),
      /** CNI plugins: bridge, host-local, loopback, portmap. Absent: the operating system's package, installed already. */
      plugins: component.optional(),
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
      certSANs: z.array(subjectName).default([]),
    }),
    /** Manifests applied server-side after the network, in this order, and waited for. */
    addOns: z.array(z.strictObject({ name: label, manifest: localPath })).default([]),
    machines: z.array(machine).min(1),
  }),
});

export const clusterDeploymentSchema = shape.superRefine((document, context) => {
  for (const { path, code, what: message, remedy } of clusterProblems(document)) {
    context.addIssue({ code: 'custom', path: [...path], message, params: { code, remedy } });
  }
});

/** The one document that CI and the operator hand to the lifecycle runner. */
export type ClusterDeployment = z.infer<typeof shape>;
/** The document as a person writes it, before defaults. */
export type ClusterDeploymentInput = z.input<typeof shape>;
export type Role = (typeof ROLES)[number];
export type Runtime = (typeof RUNTIMES)[number];
