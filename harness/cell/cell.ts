import type { Verdict } from '../journal/event.ts';
import { endOf } from '../journal/run-journal.ts';
import { worst } from '../journal/verdict.ts';
import type { Lease } from '../provider/contract.ts';
import type { CellRun } from './cell-run.ts';
import { conclude } from './conclude.ts';
import { startHeart, type Heart } from './heart.ts';
import { messageOf, verdictOf } from './phase.ts';
import { prepare } from './prepare.ts';
import { cellPaths, makeCellDirectory, type CellPaths } from './run-directory.ts';
import { runSuites } from './suites.ts';

/** One cell's life: lease, suites, evidence, release. Never rejects: whatever happens is in the journal. */
export async function runCell(run: CellRun): Promise<Verdict> {
  const { cell, journal } = run;
  const started = performance.now();
  const verdicts: Verdict[] = [];
  let reason: string | undefined;
  let lease: Lease | undefined;
  const fail = (error: unknown) => {
    const end = endOf(run.signal);
    verdicts.push(run.signal.aborted && end === undefined ? 'aborted' : verdictOf(end ?? error));
    reason ??= messageOf(end ?? error);
  };
  journal.write({ type: 'cell-started', cell: cell.slug });
  for (const [name, value] of Object.entries(cell.axes)) journal.write({ type: 'property', cell: cell.slug, name, value });
  cell.notes.forEach((value, index) => journal.write({ type: 'property', cell: cell.slug, name: `note.${index + 1}`, value }));
  const paths = cellPaths(run.directory.root, cell.slug);
  let heart: Heart | undefined;
  try {
    await makeCellDirectory(run.directory.root, cell.slug);
    verdicts.push(
      ...(await life(run, paths, (acquired) => {
        lease = acquired;
        heart = startHeart(run, acquired);
      })),
    );
  } catch (error) {
    fail(error);
  }
  await conclude({ run, paths, lease, verdict: worst(verdicts), beforeMachines: async () => heart?.stop() }).then((verdict) => verdicts.push(verdict), async (error: unknown) => {
    fail(error);
    // only a journal that cannot be written gets here (a full disk): the machines must go all the same, and what was kept too
    if (lease !== undefined) await run.provider.release(lease).catch(() => undefined);
  });
  await heart?.stop();
  const verdict = run.signal.aborted && worst(verdicts) === 'passed' ? 'aborted' : worst(verdicts);
  reason ??= endOf(run.signal)?.message;
  const durationMs = Math.round(performance.now() - started);
  journal.write({ type: 'cell-finished', cell: cell.slug, verdict, durationMs, ...(reason === undefined ? {} : { reason }) });
  return verdict;
}

async function life(run: CellRun, paths: CellPaths, onLease: (lease: Lease) => void): Promise<Verdict[]> {
  const { cell, journal } = run;
  const pending = cell.suites.filter((suite) => run.resumed?.passed.has(suite) !== true);
  const withoutMachines = pending.filter((suite) => suite === 'lint');
  const verdicts = await runSuites({ run, paths, suites: withoutMachines });
  const onMachines = pending.filter((suite) => suite !== 'lint');
  const existing = run.resumed?.lease;
  if (onMachines.length === 0) {
    if (existing !== undefined) onLease(existing); // nothing left to prove on them, but they have to go
    return verdicts;
  }
  const { provider, artifacts, owner, signal } = run;
  const prepared = await prepare({
    ...{ cell, paths, journal, provider, artifacts, owner, signal },
    ...(existing === undefined ? {} : { existing }),
    onLease(lease) {
      const machines = lease.machines.map(({ name, address }) => ({ name, address }));
      journal.write({ type: 'lease-acquired', cell: cell.slug, lease: lease.id, provider: provider.name, machines });
      onLease(lease);
    },
  });
  return [...verdicts, ...(await runSuites({ run, paths, suites: onMachines, prepared }))];
}
