import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DocumentError, parseDocument, readDocument, type ReadDocument } from '../../lifecycle/document.ts';
import { packageRoot } from '../../lifecycle/root.ts';
import { findProblems } from './rules.ts';
import { matrixSchema, type MatrixDocument } from './schema.ts';

/** A matrix file that is valid throughout: whatever is asked of it later cannot find it broken. */
export interface Matrix {
  readonly file: string;
  readonly document: MatrixDocument;
  /** Absolute path of the user's CNI manifest, when one is named. */
  readonly networkManifest: string | undefined;
}

/** The matrix file that is shipped, named relative to the working directory. */
export function shippedMatrixFile(): string {
  return path.relative(process.cwd(), path.join(packageRoot, 'matrix', 'matrix.yaml'));
}

/** Reads a matrix file. Rejects with a `DocumentError` that lists every mistake with its line, or `DOCUMENT_UNREADABLE`. */
export async function loadMatrix(file: string = shippedMatrixFile()): Promise<Matrix> {
  const read = await readDocument(file, matrixSchema);
  const matrix = judged(file, read);
  if (matrix.networkManifest !== undefined && !(await isFile(matrix.networkManifest))) {
    const what = `the CNI manifest ${matrix.networkManifest} is no file`;
    throw new DocumentError([read.problem(['axes', 'network', 'manifest'], 'MATRIX_MANIFEST_MISSING', what, 'name one that exists, relative to the matrix file')]);
  }
  return matrix;
}

async function isFile(name: string): Promise<boolean> {
  return stat(name).then((found) => found.isFile(), () => false);
}

/** The same for text that is already read; `file` is named in errors and anchors relative paths. */
export function parseMatrix(text: string, file: string): Matrix {
  return judged(file, parseDocument(text, file, matrixSchema));
}

function judged(file: string, { value: document, problem }: ReadDocument<MatrixDocument>): Matrix {
  const [first, ...others] = findProblems(document)
    .map((found) => problem(found.path, found.code, found.what, found.remedy))
    .sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
  if (first !== undefined) throw new DocumentError([first, ...others]);
  const manifest = document.axes.network.manifest;
  return { file, document, networkManifest: manifest === undefined ? undefined : path.resolve(path.dirname(file), manifest) };
}
