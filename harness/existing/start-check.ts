import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { acknowledge, closeRun } from '../cell/close-run.ts';
import { messageOf, verdictOf } from '../cell/phase.ts';
import { makeRunDirectory, newRunName, type RunDirectory } from '../cell/run-directory.ts';
import { EXISTING, type Verdict } from '../journal/event.ts';
import { exitCodeOf, worst } from '../journal/verdict.ts';
import { endOf, openRunJournal } from '../journal/run-journal.ts';
import type { OpenJournal } from '../journal/write.ts';
import { closeSshMasters } from '../machine/ssh.ts';
import { consoleReporter } from '../report/console.ts';
import { nodes } from '../suite/e2e/api-server.ts';
import { NAMESPACES } from '../suite/e2e/namespace.ts';
import { refuseForeignNamespaces, removeNamespaces } from '../suite/e2e/namespaces.ts';
import { runE2eSuite } from '../suite/e2e/run.ts';
import { proofgridVersion } from '../version.ts';
import { readyContext } from './ready-context.ts';
import { targetOfCluster, targetsOfRun, type CheckTarget, type ExistingCluster } from './target.ts';

export interface CheckRequest {
  /** One of the two. */
  readonly runDirectory?: string;
  readonly existing?: ExistingCluster;
  /** Only this cell of the run. */
  readonly cell?: string;
  readonly site?: string;
  readonly disruptive: boolean;
  /** For nodes that may pull; default: what all nodes have already, else the registry's. */
  readonly testImage?: string;
  /** Default: `proofgrid-runs/<run>` in the working directory. */
  readonly directory?: string;
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
}

const SUITE = 'e2e';

/** Runs the checks on clusters that exist. Rejects only before anything was created; resolves with the exit code. */
export async function startCheck(request: CheckRequest): Promise<number> {
  const targets = await targetsOf(request);
  for (const { context } of targets) await refuseForeignNamespaces({ ...context, signal: request.signal });
  for (const { cell, context } of targets) process.stdout.write(announcement(cell, context));
  const run = newRunName(new Date());
  const directory = await claim(request.directory ?? path.resolve('proofgrid-runs', run), run);
  const { journal, signal } = openRunJournal(directory.journal, request.signal);
  for (const secret of targets.flatMap(({ secrets }) => secrets)) journal.mask(secret);
  const report = consoleReporter({ stream: process.stdout, isTTY: process.stdout.isTTY, directory: directory.root });
  journal.onLine(report.line);
  acknowledge(request.signal, report, 'removing what the checks created');
  const work = () => execute({ ...request, signal }, targets, journal, run).finally(() => closeSshMasters());
  return closeRun({ journal, report, signal, work, directory: directory.root });
}

/** Said before anything is created. */
function announcement(cell: string, { deployment, hosts, kubeConfig }: CheckTarget['context']): string {
  const count = nodes({ hosts }).length;
  return [
    `${cell}: ${kubeConfig.getCurrentCluster()?.server ?? ''}, Kubernetes ${deployment.spec.kubernetes.version}, ${count} ${count === 1 ? 'node' : 'nodes'}`,
    `  creates the namespaces ${NAMESPACES.join(', ')}, in them pods on every node, services, claims and`,
    '  what single checks need; for some, cluster roles, nodes without a machine or a certificate request; removes all of it at the end',
    '',
  ].join('\n');
}

async function targetsOf({ runDirectory, existing, cell, site, disruptive, signal }: CheckRequest): Promise<CheckTarget[]> {
  if (existing !== undefined) return [await targetOfCluster(existing, { disruptive }, { signal })];
  if (runDirectory === undefined) throw new Error('a check needs a run or a cluster');
  const all = await targetsOfRun(runDirectory, { disruptive }, { signal, report: () => undefined }, site);
  const chosen = all.filter((target) => cell === undefined || target.cell === cell);
  if (chosen.length > 0) return chosen;
  throw new ProofgridError({ code: 'CHECK_CELL_UNKNOWN', fault: 'usage', what: `the run has no machines of a cell ${cell}`, remedy: `it has ${all.map((target) => target.cell).join(', ')}` });
}

async function claim(root: string, run: string): Promise<RunDirectory> {
  if (!existsSync(path.join(root, 'journal.jsonl'))) return makeRunDirectory(root, run);
  throw new ProofgridError({ code: 'RUN_DIRECTORY_TAKEN', fault: 'usage', what: `${root} already holds a run`, remedy: 'name another directory' });
}

async function execute(request: CheckRequest, targets: readonly CheckTarget[], journal: OpenJournal, run: string): Promise<void> {
  const started = performance.now();
  const cells = targets.map(({ cell }) => ({ cell, axes: {}, suites: [SUITE] }));
  journal.write({ type: 'run-started', run, version: proofgridVersion(), argv: [...request.argv], provider: EXISTING, cells });
  const verdicts: Verdict[] = [];
  // one after the other: each is looked at as if it were alone
  for (const target of targets) verdicts.push(await checkCell(request, target, journal));
  const verdict = worst(verdicts);
  journal.write({ type: 'run-finished', verdict, exitCode: exitCodeOf(verdict), durationMs: Math.round(performance.now() - started) });
}

/** Never rejects: whatever happens is in the journal. */
async function checkCell(request: CheckRequest, target: CheckTarget, journal: OpenJournal): Promise<Verdict> {
  const { cell } = target;
  const { signal } = request;
  const started = performance.now();
  const log = (message: string) => journal.write({ type: 'progress', cell, message });
  journal.write({ type: 'cell-started', cell });
  const verdicts: Verdict[] = [];
  let reason: string | undefined;
  const fail = (error: unknown) => {
    const end = endOf(signal);
    verdicts.push(signal.aborted && end === undefined ? 'aborted' : verdictOf(end ?? error));
    reason ??= messageOf(end ?? error);
  };
  const made: { undo?: () => Promise<void> } = {};
  try {
    const { context, undo } = await readyContext(request, target, log);
    made.undo = undo;
    verdicts.push(await runE2eSuite({ context, journal, cell }));
  } catch (error) {
    fail(error);
  }
  // What was made goes after an interruption, too, so not by the signal of the run.
  await removeNamespaces(target.context, log).catch(fail);
  await made.undo?.().catch(fail);
  const verdict = signal.aborted && worst(verdicts) === 'passed' ? 'aborted' : worst(verdicts);
  journal.write({ type: 'cell-finished', cell, verdict, durationMs: Math.round(performance.now() - started), ...(reason === undefined ? {} : { reason }) });
  return verdict;
}
