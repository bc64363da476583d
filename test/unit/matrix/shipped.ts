import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { parseMatrix, type Matrix } from '../../../harness/matrix/load.ts';

export const SHIPPED = readFileSync('matrix/matrix.yaml', 'utf8');
export const shippedMatrix = (): Matrix => parseMatrix(SHIPPED, 'matrix/matrix.yaml');

/** The shipped file with other values at some paths (`axes.os.default`); undefined deletes. */
export function changed(changes: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(SHIPPED);
  if (!isMap(document.contents)) throw new Error('the shipped matrix is no map');
  for (const [path, value] of Object.entries(changes)) {
    const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    if (value === undefined) document.deleteIn(steps);
    else document.setIn(steps, document.createNode(value));
  }
  return document.toString();
}
