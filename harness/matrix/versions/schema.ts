import { z } from 'zod';
import type { ImageName } from '../images.ts';
import { FULL_VERSION, isValidRanges } from '../version.ts';

/** Where releases can come from; a cell's binaries differ in nothing but their provenance. */
export const RELEASE_SOURCES = ['go-module', 'upstream'] as const;

const text = z.string().trim().min(1, 'must not be empty');
const mirror = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const source = mirror.describe('Who says so');
const date = z.iso.date('must be a date such as "2027-10-28"');
/** Shell words and paths are never made of these, but package managers and file names are. */
const debianName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a Debian package or suite');
const version = z.string().regex(/^\d+\.\d+(\.\d+)?([-+][0-9A-Za-z.+~-]+)?$/, 'must be a version such as "1.34.1"').max(64);
const release = z.string().regex(FULL_VERSION, 'must be a full version such as "1.37.2"').max(64);
const minor = z.string().regex(/^\d+\.\d+$/, 'must be a minor version such as "1.24"');

const debianSource = z.strictObject({
  type: z.literal('debian-source'),
  suite: debianName,
  package: debianName,
  /** The exact version of the source package: the build must be of nothing else. */
  version: z.string().regex(/^[0-9][0-9A-Za-z.+:~-]*$/, 'must be the version of a Debian package'),
});
const debianPackage = z.strictObject({ type: z.literal('debian-package'), suite: debianName, packages: z.array(debianName).min(1) });

const since = minor.optional().describe('Kubernetes minor from which this holds, for versions that have no row; default: the minor of the row');
const none = z.strictObject({ none: text.describe('Why it cannot be, shown wherever it is asked for'), since, source });
const needs = z.strictObject({
  range: z.string().refine(isValidRanges, 'must be a range of versions such as ">=1.6" or ">=1.4 <2.0"'),
  reason: text.describe('Why other versions cannot be, shown wherever one is asked for'),
  since,
  source,
});
const deployed = z.strictObject({ version: release, since, source });

const kubernetesRow = z.strictObject({
  version,
  source: debianSource.optional().describe('Where this version comes from; absent: it is a release of upstream'),
  released: date.optional(),
  support: z.strictObject({ maintenance: date, endOfLife: date, kept: text.optional().describe('Why the row stays after that'), source }).optional().describe('Last days of regular patches and of all patches of this minor'),
  etcd: needs.optional(),
  containerd: needs.optional(),
  docker: z.union([needs, none]).optional(),
  runc: needs.optional(),
  cgroup: z.strictObject({ versions: z.array(z.enum(['v1', 'v2'])).min(1), reason: text, source }).optional(),
  nftables: z.union([z.strictObject({ stage: z.enum(['beta', 'stable']), since, source }), none]).optional().describe("kube-proxy's mode nftables"),
  'dual-stack': z.union([z.strictObject({ stage: z.enum(['beta', 'stable']), since, source }), none]).optional().describe('Clusters with addresses of both families'),
  pause: z.strictObject({ version: z.string().regex(/^\d+(\.\d+)+$/), source }).optional(),
  coredns: z.union([deployed, none]).optional(),
  'metrics-server': z.union([deployed, none]).optional(),
  'kube-router': z.union([deployed, none]).optional(),
  flannel: z.union([deployed, none]).optional(),
  crictl: z.union([deployed, none]).optional().describe('For machines whose engine is a release of containerd'),
  kubeletSkew: z.strictObject({ minors: z.int().min(0).max(9), source }).optional().describe('How many minors older than the API server a kubelet may be'),
});

const mirrors = z.strictObject({
  kubernetes: mirror.describe('<url>/v<version>/bin/linux/amd64/<binary>, with <binary>.sha256'),
  etcd: mirror.describe('<url>/v<version>/etcd-v<version>-linux-amd64.tar.gz, with SHA256SUMS'),
  containerd: mirror.describe('<url>/v<version>/containerd-<version>-linux-amd64.tar.gz, with ….sha256sum'),
  runc: mirror.describe('<url>/v<version>/runc.amd64, with runc.sha256sum'),
  'cni-plugins': mirror.describe('<url>/v<version>/cni-plugins-linux-amd64-v<version>.tgz, with ….sha256'),
  crictl: mirror.describe('<url>/v<version>/crictl-v<version>-linux-amd64.tar.gz, with ….sha256'),
});

const registryHost = z.string().regex(
  /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/,
  'must be the host of a registry such as "registry.k8s.io"',
);
const repository = z.string().max(255).regex(
  /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/,
  'must be an image with its registry and no tag, such as "registry.k8s.io/pause"',
);
// What the distribution API takes as a tag, with a place for the version.
const tag = z.string().max(100).regex(/^(\w|\{version\})([\w.-]|\{version\})*$/, 'must be a tag such as "v{version}"');
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be a digest: "sha256:" and 64 hexadecimal digits');
/** What the archive of an image takes: harness/artifact/image/tar.ts. */
const imagePath = z.string().max(100).regex(
  /^(\/(?!\.{1,2}(\/|$))[\w.-]+)+$/,
  'must be an absolute path such as "/opt/bin/flanneld"',
);

const tagged = {
  image: repository.describe('With the registry of its project, whatever `registries` says'),
  tag: tag.optional().describe('{version} stands for the version that a cell has of it; default: that alone'),
  digests: z.record(z.string(), digest).optional()
    .describe('What tags must stand for; a tag that is not here is believed'),
};
const published = z.strictObject({
  ...tagged,
  links: z.record(imagePath, imagePath).optional()
    .describe('Paths that the playbooks start, each with where the image has it'),
  files: z.record(imagePath, z.strictObject({ ...tagged, path: imagePath })).optional()
    .describe('Paths that the playbooks start, each with the image that has it'),
});
const publishedVersion = published.extend({
  version: z.string().regex(/^\d+(\.\d+)+$/, 'must be a version such as "3.10.2"'),
});

const images = z.strictObject({
  registries: z.record(registryHost, mirror).optional()
    .describe("Another address for a project's registry, such as registry.k8s.io: https://mirror.example/k8s"),
  pause: publishedVersion.optional(),
  agnhost: publishedVersion.optional(),
  coredns: published.optional(),
  flannel: published.optional(),
  'kube-router': published.optional(),
  'local-volumes': published.optional(),
  'metrics-server': published.optional(),
} satisfies Record<ImageName | 'registries', z.ZodType>);

export const versionsSchema = z.strictObject({
  apiVersion: z.literal('proofgrid.dev/v1alpha1'),
  kind: z.literal('Versions'),
  source: z.enum(RELEASE_SOURCES).describe('Where releases come from: go-module builds them here, upstream downloads them'),
  mirrors: mirrors.describe('Where upstream is; a site without internet names its own'),
  images: images.optional()
    .describe('Images that upstream publishes, pulled where releases come from there; without a row an image is built'),
  kubernetes: z.array(kubernetesRow).min(1).describe('One row a release, oldest first; a row has what the row before it has, where both are of one minor'),
  etcd: z.array(z.strictObject({ version, source: debianPackage.optional().describe('Absent: it is a release of upstream') })).min(1),
  containerd: z.array(z.strictObject({
    version: release,
    runc: release.describe('The runc that goes with it'),
    'cni-plugins': release.optional().describe("The CNI plugins that go with it; absent: those of the machines' own packages"),
  })).min(1),
});

/** The versions file, valid in shape. */
export type VersionsDocument = z.output<typeof versionsSchema>;
export type KubernetesRow = VersionsDocument['kubernetes'][number];
export type ReleaseSource = (typeof RELEASE_SOURCES)[number];
export type ImagesDocument = z.output<typeof images>;
export type ImageRow = z.output<typeof published>;
export type Needs = z.output<typeof needs>;
export type None = z.output<typeof none>;
