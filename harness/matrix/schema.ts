import { z } from 'zod';
import { NETWORK_PLUGINS, ROLES, RUNTIMES } from '../../lifecycle/cluster-deployment.ts';
import { AXES } from './cell.ts';
import { CPU_PATTERN, MEMORY_PATTERN } from './quantity.ts';
import { FULL_VERSION } from './version.ts';

/** What the artifacts can make an image of. */
export const OPERATING_SYSTEMS = ['debian-12', 'debian-13'] as const;
/** Suites that exist, in the order they run. */
export const SUITES = ['lint', 'lifecycle', 'e2e'] as const;
export const COVERAGES = ['full', 'pairwise', 'each'] as const;
export const TIERS = ['smoke', 'merge-request', 'nightly', 'release'] as const;

/** RFC 1123 label; short enough that a slug made of it is one too. */
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens, at most 40');
const text = z.string().trim().min(1, 'must not be empty');
const mirror = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
/** Shell words and paths are never made of these, but package managers and file names are. */
const debianName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a Debian package or suite');
const version = z.string().regex(/^\d+\.\d+(\.\d+)?([-+][0-9A-Za-z.+~-]+)?$/, 'must be a version such as "1.34.1"').max(64);

const debianSource = z.strictObject({
  type: z.literal('debian-source'),
  suite: debianName,
  package: debianName,
  /** The exact version of the source package: the build must be of nothing else. */
  version: z.string().regex(/^[0-9][0-9A-Za-z.+:~-]*$/, 'must be the version of a Debian package'),
});
const debianPackage = z.strictObject({
  type: z.literal('debian-package'),
  suite: debianName,
  packages: z.array(debianName).min(1),
});
const upstreamRelease = z.strictObject({ type: z.literal('upstream'), url: mirror, version });

const upstream = z.strictObject({ url: mirror }).describe('Mirror that has every full version which no value names');
const kubernetesValue = z.strictObject({ version, source: z.discriminatedUnion('type', [debianSource, upstreamRelease]).optional() });
const etcdValue = z.strictObject({ version, source: z.discriminatedUnion('type', [debianPackage, upstreamRelease]).optional() });

const release = z.string().regex(FULL_VERSION, 'must be a full version such as "1.7.27"').max(64);
const runtimeValue = z.union([
  z.enum(RUNTIMES),
  z.discriminatedUnion('engine', [
    z.strictObject({
      engine: z.literal('containerd'),
      version: release,
      source: z.strictObject({ type: z.literal('upstream'), url: mirror, runc: z.strictObject({ url: mirror, version: release }) }),
    }),
    z.strictObject({
      engine: z.literal('docker'),
      version: release,
      source: z.strictObject({
        type: z.literal('upstream'),
        url: mirror,
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the archive in lower-case hexadecimal').describe('Upstream publishes none: sha256sum docker-<version>.tgz'),
      }),
    }),
  ]),
]).describe('The package of the operating system, or an upstream release, which the axis then calls <engine>-<version>');

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
  source: mirror.optional(),
});

const tier = z.strictObject({
  description: text,
  suites: suites.optional(),
  coverage: z.enum(COVERAGES).describe('full: every cell that can exist; pairwise: each pair of values; each: each value, in at least one cell'),
  axes: forEachAxis(choice).describe('Values that the tier takes; an axis that is not named keeps its default'),
  include: z.array(forEachAxis(z.string().min(1))).default([]).describe('Cells that always run, by the axes that differ from the default'),
});

export const matrixSchema = z.strictObject({
  apiVersion: z.literal('proofgrid.dev/v1alpha1'),
  kind: z.literal('Matrix'),
  axes: z.strictObject({
    os: z.strictObject({ default: z.string(), values: z.array(z.enum(OPERATING_SYSTEMS)).min(1) }),
    kubernetes: z.strictObject({ default: z.string(), upstream: upstream.optional(), values: z.array(kubernetesValue).min(1) }),
    runtime: z.strictObject({ default: z.string(), values: z.array(runtimeValue).min(1) }),
    etcd: z.strictObject({ default: z.string(), upstream: upstream.optional(), values: z.array(etcdValue).min(1) }),
    network: z.strictObject({
      default: z.string(),
      manifest: text.optional().describe('Path of your CNI manifest, relative to this file; the value manifest needs it'),
      values: z.array(z.enum(NETWORK_PLUGINS)).min(1),
    }),
    topology: z.strictObject({ default: z.string(), values: z.array(topology).min(1) }),
  }),
  constraints: z.array(constraint).default([]),
  suites,
  tiers: z.strictObject(Object.fromEntries(TIERS.map((each) => [each, tier])) as Record<(typeof TIERS)[number], typeof tier>),
  dns: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('coredns'), image: text }),
    z.strictObject({ type: z.literal('none'), reason: text }),
  ]),
});

/** The matrix file, valid in shape; `rules.ts` judges what no schema can. */
export type MatrixDocument = z.output<typeof matrixSchema>;
export type Tier = (typeof TIERS)[number];
export type TierDocument = MatrixDocument['tiers'][Tier];
export type Constraint = MatrixDocument['constraints'][number];
export type Suite = (typeof SUITES)[number];
