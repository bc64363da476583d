import { parseDocument, readDocument, type ReadDocument } from '../../../lifecycle/document.ts';
import { registryOf } from '../images.ts';
import { refuseProblems, repeated, type Problem } from '../problem.ts';
import { compareVersions, FULL_VERSION } from '../version.ts';
import { factsOf, inherit, type Fact, type Facts, type KubernetesRelease } from './facts.ts';
import { versionsSchema, type ReleaseSource, type VersionsDocument } from './schema.ts';

/** The versions file, valid throughout. */
export interface VersionTable {
  readonly file: string;
  /** Where releases come from. */
  readonly source: ReleaseSource;
  readonly mirrors: VersionsDocument['mirrors'];
  readonly images: VersionsDocument['images'];
  /** Oldest first. */
  readonly kubernetes: readonly KubernetesRelease[];
  readonly etcd: VersionsDocument['etcd'];
  readonly containerd: VersionsDocument['containerd'];
  /** What any Kubernetes version needs, refuses and is deployed with. */
  readonly factsOf: (kubernetes: string) => Facts;
}

/** Reads a versions file. Rejects with a `DocumentError` that lists every mistake with its line, or `DOCUMENT_UNREADABLE`. */
export async function loadVersions(file: string): Promise<VersionTable> {
  return tableOf(file, await readDocument(file, versionsSchema));
}

/** The same for text that is already read. */
export function parseVersions(text: string, file: string): VersionTable {
  return tableOf(file, parseDocument(text, file, versionsSchema));
}

/** The table with another source of its releases. */
export function withSource(table: VersionTable, source: ReleaseSource | undefined): VersionTable {
  return source === undefined ? table : { ...table, source };
}

function tableOf(file: string, { value, problem }: ReadDocument<VersionsDocument>): VersionTable {
  const problems: Problem[] = [];
  const kubernetes = inherit(value.kubernetes, (row, missing) => problems.push(incomplete(value, row, missing)));
  problems.push(...duplicates(value), ...disorder(value), ...sourceless(value), ...unusedRegistries(value));
  refuseProblems(problems, problem);
  const known = new Map<string, Facts>();
  return {
    file,
    source: value.source,
    mirrors: value.mirrors,
    images: value.images,
    kubernetes,
    etcd: value.etcd,
    containerd: value.containerd,
    factsOf(version) {
      const facts = known.get(version) ?? factsOf(kubernetes, version);
      if (facts === undefined) throw new Error(`${file} has no row`);
      known.set(version, facts);
      return facts;
    },
  };
}

function incomplete({ kubernetes }: VersionsDocument, row: number, missing: readonly Fact[]): Problem {
  const version = kubernetes[row]?.version ?? '';
  return {
    path: ['kubernetes', row, 'version'],
    code: 'VERSIONS_INCOMPLETE',
    what: `${version} is the first row of its minor and does not say ${missing.join(', ')}`,
    remedy: 'look it up for this minor, and name who says so',
  };
}

const LISTS = ['kubernetes', 'etcd', 'containerd'] as const;

function duplicates(document: VersionsDocument): Problem[] {
  return LISTS.flatMap((list) => repeated(document[list].map(({ version }) => version), (index) => [list, index, 'version'], list));
}

/** A row has what the row before it has: so the order of the file counts. */
function disorder(document: VersionsDocument): Problem[] {
  return LISTS.flatMap((list) => document[list].flatMap(({ version }, index) => {
    const before = document[list][index - 1]?.version;
    if (before === undefined || compareVersions(before, version) <= 0) return [];
    return [{ path: [list, index, 'version'], code: 'VERSIONS_ORDER', what: `${version} stands behind ${before}`, remedy: 'write rows from the oldest to the newest' }];
  }));
}

function sourceless(document: VersionsDocument): Problem[] {
  return (['kubernetes', 'etcd'] as const).flatMap((list) => document[list].flatMap(({ version, source }, index) =>
    source !== undefined || FULL_VERSION.test(version)
      ? []
      : [{
          path: [list, index, 'version'],
          code: 'MATRIX_VERSION_WITHOUT_SOURCE',
          what: `nothing says where ${list} ${version} comes from`,
          remedy: 'give it a source; releases have full versions alone, such as 1.34.1',
        }]));
}

/** A registry that no image is of would be taken for one that is used. */
function unusedRegistries({ images: { registries = {}, ...rows } = {} }: VersionsDocument): Problem[] {
  const known = Object.values(rows).filter((row) => row !== undefined);
  const images = known.flatMap(({ image, files = {} }) => [image, ...Object.values(files).map((file) => file.image)]);
  const used = new Set(images.map(registryOf));
  return Object.keys(registries).filter((registry) => !used.has(registry)).map((registry) => ({
    path: ['images', 'registries', registry],
    code: 'VERSIONS_UNUSED_REGISTRY',
    what: `no image comes from ${registry}`,
    remedy: used.size === 0 ? 'name images first' : `the images come from ${[...used].sort().join(', ')}`,
  }));
}
