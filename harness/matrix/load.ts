import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DocumentError, parseDocument, readDocument, type ReadDocument } from '../../lifecycle/document.ts';
import { readManifest } from '../../lifecycle/manifest.ts';
import { packageRoot } from '../../lifecycle/root.ts';
import { refuseProblems } from './problem.ts';
import { resolveMatrix } from './resolve.ts';
import { findProblems } from './rules.ts';
import { matrixSchema, type MatrixDocument, type MatrixFile } from './schema.ts';
import type { ReleaseSource } from './versions/schema.ts';
import { loadVersions, withSource, type VersionTable } from './versions/table.ts';

/** A matrix file that is valid throughout, with its versions file: whatever is asked of it later cannot find it broken. */
export interface Matrix {
  readonly file: string;
  readonly document: MatrixDocument;
  /** Absolute path of the user's CNI manifest, when one is named. */
  readonly networkManifest: string | undefined;
}

const shipped = (name: string) => path.relative(process.cwd(), path.join(packageRoot, 'matrix', name));

/** The matrix file that is shipped, named relative to the working directory. */
export function shippedMatrixFile(): string {
  return shipped('matrix.yaml');
}

/** The versions file that is shipped beside it. */
export function shippedVersionsFile(): string {
  return shipped('versions.yaml');
}

/**
 * Reads a matrix file and the versions file that it names. Rejects with a `DocumentError` that lists every mistake with
 * its line, or `DOCUMENT_UNREADABLE`.
 * @param source instead of the versions file's own
 */
export async function loadMatrix(file: string = shippedMatrixFile(), source?: ReleaseSource): Promise<Matrix> {
  const read = await readDocument(file, matrixSchema);
  const versionsFile = besides(file, read.value.versions);
  if (!(await isFile(versionsFile))) {
    throw new DocumentError([read.problem(['versions'], 'MATRIX_VERSIONS_MISSING', `the versions file ${versionsFile} is no file`, 'name one that exists, relative to the matrix file')]);
  }
  const matrix = judged(file, read, withSource(await loadVersions(versionsFile), source));
  if (matrix.networkManifest !== undefined && !(await isFile(matrix.networkManifest))) {
    const what = `the CNI manifest ${matrix.networkManifest} is no file`;
    throw new DocumentError([read.problem(['axes', 'network', 'manifest'], 'MATRIX_MANIFEST_MISSING', what, 'name one that exists, relative to the matrix file')]);
  }
  if (matrix.networkManifest !== undefined) {
    const [first, ...others] = (await readManifest(matrix.networkManifest)).problems;
    if (first !== undefined) throw new DocumentError([first, ...others]);
  }
  return matrix;
}

/** A path as a document names it: absolute, or relative to the document, and then shown as relative as the document was. */
function besides(file: string, named: string): string {
  return path.isAbsolute(named) ? named : path.join(path.dirname(file), named);
}

async function isFile(name: string): Promise<boolean> {
  return stat(name).then((found) => found.isFile(), () => false);
}

/** The same for text that is already read, with any table; `file` is named in errors and anchors relative paths. */
export function parseMatrix(text: string, file: string, versions: VersionTable): Matrix {
  return judged(file, parseDocument(text, file, matrixSchema), versions);
}

function judged(file: string, { value, problem }: ReadDocument<MatrixFile>, versions: VersionTable): Matrix {
  const document = resolveMatrix(value, versions);
  refuseProblems(findProblems(document), problem);
  const manifest = document.axes.network.manifest;
  return { file, document, networkManifest: manifest === undefined ? undefined : path.resolve(path.dirname(file), manifest) };
}
