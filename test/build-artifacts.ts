import { createArtifacts } from '../harness/artifact/artifacts.ts';
import { announce, gather } from '../harness/cell/supplies.ts';
import { loadMatrix } from '../harness/matrix/load.ts';
import { selectCells } from '../harness/matrix/select.ts';

/**
 * What the default cells are made of, built before the first test that needs it: with a cold cache that takes longer than
 * any test's limit, and belongs to none of them. Both systems, because tests boot both; `small`, which has every add-on.
 */
export default async function buildArtifacts(): Promise<void> {
  const matrix = await loadMatrix();
  const artifacts = createArtifacts();
  const report = (message: string) => void process.stderr.write(`${message}\n`);
  for (const os of ['debian-12', 'debian-13']) {
    for (const cell of selectCells(matrix, { names: ['small'], set: [`os=${os}`] })) {
      const supplier = { cell, artifacts, provider: {} };
      await announce(supplier, report);
      await gather(supplier, { signal: new AbortController().signal, report });
    }
  }
}
