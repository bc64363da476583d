import { ProofgridError } from '../../lifecycle/error.ts';
import type { Verdict } from '../journal/event.ts';
import { worst } from '../journal/verdict.ts';
import { seeded } from '../matrix/deployment.ts';
import { runLintSuite } from '../suite/lint/suite.ts';
import type { CellRun } from './cell-run.ts';
import { matchingPhases } from './check-pattern.ts';
import { examination } from './lost-machines.ts';
import { deployPhase } from './operation-phase.ts';
import { operationRequest, publishKubeconfig } from './operation-request.ts';
import { openPhase } from './phase.ts';
import type { Prepared } from './prepare.ts';
import type { CellPaths } from './run-directory.ts';
import { readSecrets } from './secrets.ts';

interface Suites {
  readonly run: CellRun;
  readonly paths: CellPaths;
  readonly suites: readonly string[];
  readonly prepared?: Prepared;
}

/** Runs suites in order. A cluster that was not deployed has nothing to check: the first broken suite ends the cell. */
export async function runSuites(suites: Suites): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const suite of suites.suites) {
    suites.run.signal.throwIfAborted();
    verdicts.push(await runSuite(suite, suites));
    if (suite === 'lifecycle' && worst(verdicts) !== 'passed') break;
  }
  return verdicts;
}

async function runSuite(suite: string, { run, paths, prepared }: Suites): Promise<Verdict> {
  const { journal, cell, signal } = run;
  if (suite === 'lint') return runLintSuite(journal, cell.slug, signal);
  if (prepared === undefined) throw new Error(`the suite ${suite} needs machines`);
  if (suite === 'lifecycle') return runLifecycle(run, paths, prepared);
  if (suite === 'e2e') return runE2e(run, paths, prepared);
  throw new ProofgridError({ code: 'SUITE_UNKNOWN', fault: 'usage', what: `no suite is called ${suite}` });
}

/** Loaded while a deploy runs: the client of Kubernetes takes half a second, for which no command should wait at its start. */
async function loadE2e() {
  const [{ clusterContext }, { runE2eSuite }, { E2E_PHASES }, { loadTestImage }] = await Promise.all([import('./cluster-context.ts'), import('../suite/e2e/run.ts'), import('../suite/e2e/checks.ts'), import('../suite/e2e/test-image.ts')]);
  return { clusterContext, runE2eSuite, E2E_PHASES, loadTestImage };
}

async function runLifecycle(run: CellRun, paths: CellPaths, prepared: Prepared): Promise<Verdict> {
  const { journal, cell, directory } = run;
  if (cell.suites.includes('e2e')) void loadE2e();
  const result = await deployPhase({
    ...{ journal, cell: cell.slug, runRoot: directory.root },
    request: operationRequest(run, paths, prepared, 'deploy'),
    examine: examinationOf(run, prepared),
  });
  for (const secret of await readSecrets(paths.secrets)) journal.mask(secret);
  if (result.outcome === 'passed') await publishKubeconfig(paths);
  return result.outcome;
}

async function runE2e(run: CellRun, paths: CellPaths, prepared: Prepared): Promise<Verdict> {
  const { clusterContext, runE2eSuite, E2E_PHASES, loadTestImage } = await loadE2e();
  const context = clusterContext(run, paths, prepared);
  const phase = openPhase(run.journal, { cell: run.cell.slug, suite: 'e2e', phase: 'prepare' }, ['test-image']);
  try {
    await phase.run('test-image', () => loadTestImage(context, seeded(prepared.agnhost)));
  } finally {
    phase.finish();
  }
  if (run.checks !== undefined) run.journal.write({ type: 'property', cell: run.cell.slug, name: 'checks.pattern', value: run.checks.text });
  return runE2eSuite({ context, journal: run.journal, cell: run.cell.slug, examine: examinationOf(run, prepared), phases: matchingPhases(E2E_PHASES, run.checks) });
}

function examinationOf({ provider, signal, journal, cell }: CellRun, { lease }: Prepared) {
  return examination({ provider, lease, signal, report: (message) => journal.write({ type: 'progress', cell: cell.slug, message }) });
}
