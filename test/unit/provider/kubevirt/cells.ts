import path from 'node:path';
import { loadMatrix } from '../../../../harness/matrix/load.ts';
import { selectCells } from '../../../../harness/matrix/select.ts';
import type { CellObjects } from '../../../../harness/provider/kubevirt/render.ts';
import { plannedObjects } from '../../../../harness/provider/kubevirt/manifests.ts';
import { parseSite, type Site } from '../../../../harness/provider/kubevirt/site.ts';
import { packageRoot } from '../../../../lifecycle/root.ts';

export const SITES = ['container-disk', 'default', 'multus', 'registry'] as const;
export const TOPOLOGIES = ['all-in-one', 'small', 'ha'] as const;

/** A shipped topology with the objects' placeholders of `plan`. */
export async function planned(topology: string, site: Site, set: readonly string[] = []): Promise<CellObjects> {
  const [cell] = selectCells(await loadMatrix(path.join(packageRoot, 'matrix', 'matrix.yaml')), { names: [topology], set });
  if (cell === undefined) throw new Error(`no cell ${topology}`);
  return plannedObjects(cell, site);
}

/** A small site with these lines under `spec`. */
export function siteWith(...lines: string[]): string {
  return [
    'apiVersion: proofgrid.dev/v1alpha1',
    'kind: Site',
    'metadata: { name: mine }',
    'spec:',
    ...lines.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

export const IMAGES = 'images: { debian-12: { type: claim, namespace: images, name: debian-12 } }';

export const site = (...lines: string[]): Site => parseSite(siteWith(IMAGES, ...lines), 'mine.yaml');
