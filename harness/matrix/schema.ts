import { z } from 'zod';
import { NETWORK_PLUGINS, PROXY_MODES, ROLES } from '../../lifecycle/cluster-deployment.ts';
import { baseUrl, image, localPath } from '../../lifecycle/formats.ts';
import { AXES } from './cell.ts';
import { CPU_PATTERN, MEMORY_PATTERN } from './quantity.ts';
import { FULL_VERSION, RUNTIME_NAME } from './version.ts';
import type { VersionTable } from './versions/table.ts';

/** What the artifacts can make an image of. */
export const OPERATING_SYSTEMS = ['debian-12', 'debian-13'] as const;
/** Families of addresses that machines, pods and Services have. */
export const FAMILIES = ['ipv4', 'dual-stack'] as const;
/** Suites that exist, in the order they run. */
export const SUITES = ['lint', 'lifecycle', 'e2e'] as const;
export const COVERAGES = ['full', 'threewise', 'pairwise', 'each'] as const;
export const TIERS = ['smoke', 'merge-request', 'nightly', 'release'] as const;

/** RFC 1123 label; short enough that a slug made of it is one too. */
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens, at most 40');
const text = z.string().trim().min(1, 'must not be empty');
const link = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const version = z.string().regex(/^\d+\.\d+(\.\d+)?([-+][0-9A-Za-z.+~-]+)?$/, 'must be a version such as "1.34.1"').max(64);
const versions = z.array(version).min(1).optional().describe('Versions that the axis has; absent: every row of the versions file');

const release = z.string().regex(FULL_VERSION, 'must be a full version such as "1.7.27"').max(64);
const runtimeValue = z.union([
  z.string().regex(RUNTIME_NAME, 'must be containerd, docker, or a containerd release such as containerd-2.4.2'),
  z.discriminatedUnion('engine', [
    z.strictObject({
      engine: z.literal('containerd'),
      version: release,
      source: z.strictObject({ type: z.literal('upstream'), url: baseUrl, runc: z.strictObject({ url: baseUrl, version: release }) }),
    }),
    z.strictObject({
      engine: z.literal('docker'),
      version: release,
      source: z.strictObject({
        type: z.literal('upstream'),
        url: baseUrl,
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the archive in lower-case hexadecimal').describe('Upstream publishes none: sha256sum docker-<version>.tgz'),
      }),
    }),
  ]),
]).describe('The package of the operating system, a containerd release (containerd-2.4.2), or an upstream release written out, which the axis then calls <engine>-<version>');

const QUANTITY = 'must be a quantity with its unit, such as 3Gi';

const machine = z.strictObject({
  name,
  roles: z.array(z.enum(ROLES)).min(1),
  cpus: z.union([z.number().positive().max(999), z.string().regex(CPU_PATTERN, 'must be cores such as 2, "1.5" or 500m')])
    .describe('Limit of the machine in cores; machines share the cores of their host'),
  memory: z.string({ error: QUANTITY }).regex(MEMORY_PATTERN, QUANTITY).describe('Limit of the machine, as a Kubernetes quantity'),
});
const topology = z.strictObject({ name, machines: z.array(machine).min(1).max(64) });

const condition = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const choice = z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]);
const suites = z.array(z.enum(SUITES)).min(1).describe('Suites of checks, in the order they run');

function forEachAxis<T extends z.ZodType>(of: T) {
  return z.strictObject(Object.fromEntries(AXES.map((axis) => [axis, of.optional()])) as Record<(typeof AXES)[number], z.ZodOptional<T>>);
}

const constraint = z.strictObject({
  name,
  exclude: forEachAxis(condition).describe('Cells that have all of these cannot exist; a version may be a range, such as >=1.24 or <3.5.11'),
  reason: text.describe('Shown wherever such a cell is asked for'),
  source: link.optional(),
});

const tier = z.strictObject({
  description: text,
  suites: suites.optional(),
  coverage: z.enum(COVERAGES).describe('full: every cell that can exist; threewise, pairwise, each: each three values, each pair, each value, in at least one cell'),
  axes: forEachAxis(choice).describe('Values that the tier takes; an axis that is not named keeps its default'),
  include: z.array(forEachAxis(z.string().min(1))).default([]).describe('Cells that always run, by the axes that differ from the default'),
});

const none = z.strictObject({ type: z.literal('none'), reason: text });
const topologies = z.array(name).min(1).optional().describe('Topologies whose cells have it; absent: all');

export const matrixSchema = z.strictObject({
  apiVersion: z.literal('proofgrid.dev/v1alpha1'),
  kind: z.literal('Matrix'),
  versions: text.describe('Path of the versions file, relative to this one'),
  axes: z.strictObject({
    os: z.strictObject({ default: z.string(), values: z.array(z.enum(OPERATING_SYSTEMS)).min(1) }),
    kubernetes: z.strictObject({ default: z.string(), values: versions }),
    runtime: z.strictObject({ default: z.string(), values: z.array(runtimeValue).min(1) }),
    etcd: z.strictObject({ default: z.string(), values: versions }),
    network: z.strictObject({
      default: z.string(),
      manifest: localPath.optional().describe('Path of your CNI manifest, relative to this file; the value manifest needs it'),
      values: z.array(z.enum(NETWORK_PLUGINS)).min(1),
    }),
    proxy: z.strictObject({ default: z.string(), values: z.array(z.enum(PROXY_MODES)).min(1) }),
    families: z.strictObject({ default: z.string(), values: z.array(z.enum(FAMILIES)).min(1) })
      .default({ default: 'ipv4', values: ['ipv4'] }).describe('Families of addresses; absent: IPv4 alone'),
    topology: z.strictObject({ default: z.string(), values: z.array(topology).min(1) }),
  }),
  constraints: z.array(constraint).default([]),
  suites,
  tiers: z.strictObject(Object.fromEntries(TIERS.map((each) => [each, tier])) as Record<(typeof TIERS)[number], typeof tier>),
  dns: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('coredns'), image: image.optional().describe('Your own image, which machines pull; absent: built here') }), none]),
  policy: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('kube-router'), topologies }), none]),
  metrics: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('metrics-server'), topologies }), none]),
  storage: z.discriminatedUnion('type', [z.strictObject({ type: z.literal('local-volumes'), topologies }), none]).default({ type: 'none', reason: 'the matrix names no storage' }),
});

/** The matrix file, valid in shape; `rules.ts` judges what no schema can. */
export type MatrixFile = z.output<typeof matrixSchema>;

/** An axis of versions with its values as the versions file has them. */
interface VersionAxis {
  readonly default: string;
  readonly values: readonly string[];
}

/** The matrix file together with its versions file: aliases are versions, and nothing is left to look up. */
export interface MatrixDocument extends Omit<MatrixFile, 'versions' | 'axes'> {
  readonly versions: VersionTable;
  readonly axes: Omit<MatrixFile['axes'], 'kubernetes' | 'etcd'> & { readonly kubernetes: VersionAxis; readonly etcd: VersionAxis };
}
export type Tier = (typeof TIERS)[number];
export type TierDocument = MatrixDocument['tiers'][Tier];
export type Constraint = MatrixDocument['constraints'][number];
export type Suite = (typeof SUITES)[number];
