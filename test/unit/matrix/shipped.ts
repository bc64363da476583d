import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { parseMatrix as parse, type Matrix } from '../../../harness/matrix/load.ts';
import { parseVersions } from '../../../harness/matrix/versions/table.ts';

export const SHIPPED = readFileSync('matrix/matrix.yaml', 'utf8');
export const SHIPPED_VERSIONS = readFileSync('matrix/versions.yaml', 'utf8');
export const shippedVersions = parseVersions(SHIPPED_VERSIONS, 'matrix/versions.yaml');
export const shippedMatrix = (): Matrix => parse(SHIPPED, 'matrix/matrix.yaml', shippedVersions);

/** A matrix with the shipped versions, or with others. */
export const parseMatrix = (text: string, file: string, versions = shippedVersions): Matrix => parse(text, file, versions);


/** The shipped file with other values at some paths (`axes.os.default`); undefined deletes. */
export function changed(changes: Readonly<Record<string, unknown>>): string {
  return changedText(SHIPPED, changes);
}

/** The shipped versions file with other values at some paths (`kubernetes.0.version`); undefined deletes. */
export function changedVersions(changes: Readonly<Record<string, unknown>>): string {
  return changedText(SHIPPED_VERSIONS, changes);
}

function changedText(text: string, changes: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error('the shipped file is no map');
  for (const [path, value] of Object.entries(changes)) {
    const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    if (value === undefined) document.deleteIn(steps);
    else document.setIn(steps, document.createNode(value));
  }
  return document.toString();
}
