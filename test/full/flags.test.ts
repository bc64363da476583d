import { expect, test } from 'vitest';
import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { selectCells } from '../../harness/matrix/select.ts';
import { progress } from '../integration/artifact/boot.ts';
import { unknownFlags } from '../integration/playbooks/version-rows.ts';
import { newestOfEachMinor, settable } from './settable.ts';

test.each(newestOfEachMinor().map((version) => [version]))('Kubernetes %s offers every flag that it is given', async (kubernetes) => {
  const [cell] = selectCells(await loadMatrix(), { names: ['all-in-one'], set: settable('all-in-one', [`kubernetes=${kubernetes}`]) });
  if (cell === undefined) throw new Error('no cell');
  const { directory, version } = await createArtifacts().kubernetes(cell.sources.kubernetes, progress);
  expect(await unknownFlags(directory, version)).toEqual([]);
});
