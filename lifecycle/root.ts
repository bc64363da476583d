import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root, whether this runs from the sources or from `dist/`. */
export const packageRoot = findRoot(path.dirname(fileURLToPath(import.meta.url)));

function findRoot(directory: string): string {
  const manifest = path.join(directory, 'package.json');
  if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "proofgrid"')) return directory;
  const parent = path.dirname(directory);
  if (parent === directory) throw new Error('the package.json of proofgrid is missing');
  return findRoot(parent);
}
