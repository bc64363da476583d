import { dirname, resolve } from 'node:path';
import { DocumentError, parseDocument, readDocument, type ReadDocument } from '../../lifecycle/document.ts';
import { findProblems } from './rules.ts';
import { matrixSchema, type MatrixDocument } from './schema.ts';

/** A matrix file that is valid throughout: whatever is asked of it later cannot find it broken. */
export interface Matrix {
  readonly file: string;
  readonly document: MatrixDocument;
  /** Absolute path of the user's CNI manifest, when one is named. */
  readonly networkManifest: string | undefined;
}

/** Reads a matrix file. Rejects with a `DocumentError` that lists every mistake with its line, or `DOCUMENT_UNREADABLE`. */
export async function loadMatrix(file: string): Promise<Matrix> {
  return judged(file, await readDocument(file, matrixSchema));
}

/** The same for text that is already read; `file` is named in errors and anchors relative paths. */
export function parseMatrix(text: string, file: string): Matrix {
  return judged(file, parseDocument(text, file, matrixSchema));
}

function judged(file: string, { value: document, problem }: ReadDocument<MatrixDocument>): Matrix {
  const [first, ...others] = findProblems(document)
    .map(({ path, code, what, remedy }) => problem(path, code, what, remedy))
    .sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
  if (first !== undefined) throw new DocumentError([first, ...others]);
  const manifest = document.axes.network.manifest;
  return { file, document, networkManifest: manifest === undefined ? undefined : resolve(dirname(file), manifest) };
}
