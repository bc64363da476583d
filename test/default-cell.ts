import { loadMatrix } from '../harness/matrix/load.ts';
import { selectCells } from '../harness/matrix/select.ts';
import type { Cell } from '../harness/matrix/cell.ts';

/** The shipped matrix' cell of a topology with the default on every other axis: what `npm test` builds, and no other version. */
export async function defaultCell(topology = 'all-in-one'): Promise<Cell> {
  const [cell] = selectCells(await loadMatrix(), { names: [topology] });
  if (cell === undefined) throw new Error(`no cell has the topology ${topology}`);
  return cell;
}
