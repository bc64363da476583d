import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeCellDirectory } from '../harness/cell/run-directory.ts';
import { prepare } from '../harness/cell/prepare.ts';
import { gather } from '../harness/cell/supplies.ts';
import type { Prepared } from '../harness/cell/prepare.ts';
import type { CellPaths } from '../harness/cell/run-directory.ts';
import { createArtifacts } from '../harness/artifact/artifacts.ts';
import type { JournalWriter } from '../harness/journal/event.ts';
import type { Cell } from '../harness/matrix/cell.ts';
import { loadMatrix } from '../harness/matrix/load.ts';
import { selectCells } from '../harness/matrix/select.ts';
import { createContainerProvider } from '../harness/provider/container/provider.ts';
import type { Lease } from '../harness/provider/contract.ts';
import { processOwner } from '../harness/provider/owner.ts';

/** Milliseconds; a lease that nobody renews may be reaped after two minutes. */
const HEARTBEAT_INTERVAL = 20_000;
/** A benchmark writes no report: what it measures must not depend on who reads along. */
const SILENT: JournalWriter = { write: () => undefined, mask: () => undefined };

export interface Workplace {
  readonly cell: Cell;
  readonly paths: CellPaths;
  readonly prepared: Prepared;
  /** Seconds that the machines took, with a login proved on each. */
  readonly machineSeconds: number;
}

/** The cell of a topology with the default on every other axis. */
export async function defaultCell(topology: string): Promise<Cell> {
  const [cell] = selectCells(await loadMatrix(), { names: [topology] });
  if (cell === undefined) throw new Error(`no cell has the topology ${topology}`);
  return cell;
}

/** The same cell with no more on top of Kubernetes than the script deploys: DNS. */
export function withoutAddOns(cell: Cell): Cell {
  const none = { type: 'none', reason: 'the script deploys none' } as const;
  return { ...cell, addOns: { ...cell.addOns, policy: none, metrics: none, storage: none } };
}

/** Fetches and builds what the cells need, so that the first round measures no download. */
export async function warmArtifacts(cells: readonly Cell[], signal: AbortSignal, report: (message: string) => void): Promise<void> {
  const artifacts = createArtifacts();
  const progress = { signal, report };
  const provider = createContainerProvider();
  for (const cell of cells) await gather({ cell, artifacts, provider }, progress);
}

/** Leases the machines of a cell as a run does, works there, and removes them whatever happens. */
export async function onMachines<T>(cell: Cell, signal: AbortSignal, work: (workplace: Workplace) => Promise<T>): Promise<T> {
  const provider = createContainerProvider();
  const root = await mkdtemp(path.join(tmpdir(), 'proofgrid-bench-'));
  let lease: Lease | undefined;
  let heart: NodeJS.Timeout | undefined;
  try {
    const paths = await makeCellDirectory(root, cell.slug);
    let machineSeconds = 0;
    const clocked = {
      ...provider,
      acquire: async (...request: Parameters<typeof provider.acquire>) => {
        const begun = performance.now();
        const acquired = await provider.acquire(...request);
        machineSeconds = (performance.now() - begun) / 1000;
        return acquired;
      },
    };
    const prepared = await prepare({
      ...{ cell, paths, journal: SILENT, provider: clocked, artifacts: createArtifacts(), owner: processOwner(path.basename(root)), signal },
      onLease(acquired) {
        lease = acquired;
        heart = setInterval(() => void provider.heartbeat(acquired).catch(() => undefined), HEARTBEAT_INTERVAL);
      },
    });
    return await work({ cell, paths, prepared, machineSeconds });
  } finally {
    clearInterval(heart);
    if (lease !== undefined) await provider.release(lease);
    await rm(root, { recursive: true, force: true });
  }
}
