import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../lifecycle/root.ts';

export function proofgridVersion(): string {
  const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
