import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import type { CellRun } from '../../harness/cell/cell-run.ts';
import { clusterContext } from '../../harness/cell/cluster-context.ts';
import { deployPhase } from '../../harness/cell/operation-phase.ts';
import { operationRequest, publishKubeconfig } from '../../harness/cell/operation-request.ts';
import { prepare } from '../../harness/cell/prepare.ts';
import { makeCellDirectory, makeRunDirectory } from '../../harness/cell/run-directory.ts';
import { openJournal } from '../../harness/journal/write.ts';
import { closeSshMasters } from '../../harness/machine/ssh.ts';
import { seeded } from '../../harness/matrix/deployment.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';
import type { MatrixDocument } from '../../harness/matrix/schema.ts';
import { selectCells } from '../../harness/matrix/select.ts';
import { createContainerProvider } from '../../harness/provider/container/provider.ts';
import type { Lease } from '../../harness/provider/contract.ts';
import { processOwner } from '../../harness/provider/owner.ts';
import type { ClusterContext } from '../../harness/suite/check.ts';
import { loadTestImage } from '../../harness/suite/e2e/test-image.ts';
import { newDirectory } from './proofgrid.ts';

export interface LiveCluster {
  readonly context: ClusterContext;
  /** Run directory, for whoever wants to read what happened. */
  readonly directory: string;
  /** Releases the machines. */
  close(): Promise<void>;
}

/** A live cluster as `proofgrid run` makes it: the same machines, document, playbooks and context that a run's checks get. */
export async function openCluster(topology: string, axes: Readonly<Record<string, string>>, addOns: Partial<MatrixDocument> = {}): Promise<LiveCluster> {
  const set = Object.entries(axes).map(([axis, value]) => `${axis}=${value}`);
  const matrix = await loadMatrix();
  const document = { ...matrix.document, ...addOns };
  const [cell] = selectCells({ ...matrix, document }, { names: [topology], set, suites: ['lifecycle'] });
  if (cell === undefined) throw new Error(`no cell has the topology ${topology}`);
  const run = `test-${process.pid}`;
  const directory = await makeRunDirectory(await newDirectory(topology), run);
  const journal = openJournal(directory.journal);
  const stop = new AbortController();
  const provider = createContainerProvider();
  const cellRun: CellRun = {
    ...{ cell, directory, journal, provider, artifacts: createArtifacts(), owner: processOwner(run), keep: 'never', signal: stop.signal },
  };
  let lease: Lease | undefined;
  const close = async () => {
    stop.abort();
    await closeSshMasters();
    if (lease !== undefined) await provider.release(lease);
    journal.close();
  };
  try {
    const paths = await makeCellDirectory(directory.root, cell.slug);
    const prepared = await prepare({ ...cellRun, paths, onLease: (acquired) => void (lease = acquired) });
    const request = operationRequest(cellRun, paths, prepared, 'deploy');
    const result = await deployPhase({ journal, cell: cell.slug, runRoot: directory.root, request });
    if (result.outcome !== 'passed') throw new Error(`deploy ${result.outcome}, see ${directory.root}: ${JSON.stringify(result.failure)}`);
    await publishKubeconfig(paths);
    const context = clusterContext(cellRun, paths, prepared);
    await loadTestImage(context, seeded(prepared.agnhost));
    return { context, directory: directory.root, close };
  } catch (error) {
    await close();
    throw error;
  }
}
