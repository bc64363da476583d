import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { createArtifacts } from '../artifact/artifacts.ts';
import type { Verdict } from '../journal/event.ts';
import { worst } from '../journal/verdict.ts';
import type { OpenJournal } from '../journal/write.ts';
import { endOf, openRunJournal } from '../journal/run-journal.ts';
import { closeSshMasters } from '../machine/ssh.ts';
import type { Cell } from '../matrix/cell.ts';
import { loadMatrix } from '../matrix/load.ts';
import { selectCells } from '../matrix/select.ts';
import type { Tier } from '../matrix/schema.ts';
import type { ReleaseSource } from '../matrix/versions/schema.ts';
import type { Capacity, Provider } from '../provider/contract.ts';
import { processOwner } from '../provider/owner.ts';
import { providerOf, type ProviderName } from '../provider/provider-of.ts';
import { openEstimates } from '../report/estimate.ts';
import { reporterOf, type ReporterChoice } from '../report/reporter.ts';
import { refuseForeignReports } from '../report/write.ts';
import { createAdmission } from '../schedule/admission.ts';
import { schedule } from '../schedule/schedule.ts';
import { proofgridVersion } from '../version.ts';
import type { Keep } from './cell-run.ts';
import { refuseUnmatched, type CheckPattern } from './check-pattern.ts';
import { acknowledge, closeRun } from './close-run.ts';
import { dryRunText, durationsOf } from './dry-run.ts';
import { runCells } from './engine.ts';
import { unreleasedLeases, type KeptLease } from './kept-leases.ts';
import { knownRuns } from './known-runs.ts';
import { messageOf } from './phase.ts';
import { passedSuites, releaseSourceOf, resumeRun, type Resumed } from './resume.ts';
import { wishOf } from './prepare.ts';
import { runLimit } from './run-limit.ts';
import { makeRunDirectory, newRunName, runDirectory, type RunDirectory } from './run-directory.ts';

export interface StartRequest {
  readonly names: readonly string[];
  readonly set: readonly string[];
  readonly tier?: Tier;
  readonly suites?: readonly string[];
  readonly keep: Keep;
  /** Default: container. */
  readonly provider?: ProviderName;
  /** Of the provider kubevirt: a shipped site's name, or a file. */
  readonly site?: string;
  /** Default: `proofgrid-runs/<run>` in the working directory. */
  readonly directory?: string;
  /** Directory of an earlier run to continue; excludes `directory`. */
  readonly resume?: string;
  readonly matrix?: string;
  /** Where releases come from, instead of what the versions file says. */
  readonly source?: ReleaseSource;
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
  /** Cells at once, at most. */
  readonly jobs?: number;
  /** No further cell starts once one has gone wrong. */
  readonly failFast?: boolean;
  /** Milliseconds for the whole run; its machines go when they are over. */
  readonly timeoutMs?: number;
  /** Say what would run, start nothing. */
  readonly dryRun?: boolean;
  readonly checks?: CheckPattern;
  /** Default: the console. */
  readonly reporter?: ReporterChoice;
}

/**
 * From the command line's wishes to the exit code, which is the journal's: the replay is stricter than the engine, and
 * what `run` says must be what `report` says. Rejects only before anything is started.
 */
export async function startRun(request: StartRequest): Promise<number> {
  const matrix = await loadMatrix(request.matrix, request.resume === undefined ? request.source : releaseSourceOf(request.resume));
  const resumed = request.resume === undefined ? undefined : resumeRun(request.resume, matrix);
  const name = resumed === undefined ? (request.provider ?? 'container') : resumedProvider(resumed);
  const site = name === 'kubevirt' ? siteOf(request, resumed) : undefined;
  const provider = await providerOf({ name, site });
  const wanted = resumed?.cells ?? selectCells(matrix, request);
  const capacity = await capacityFor(provider, wanted, request.signal);
  const estimates = openEstimates();
  const planned = schedule(wanted, capacity, durationsOf(wanted, estimates));
  if (request.checks !== undefined) refuseUnmatched(request.checks, (await import('../suite/e2e/checks.ts')).E2E_PHASES, wanted.flatMap(({ suites }) => suites));
  if (request.dryRun === true) {
    process.stdout.write(dryRunText(planned, { jobs: request.jobs, checks: request.checks }));
    return 0;
  }
  const { order: cells } = planned;
  const run = resumed?.record.run ?? newRunName(new Date());
  const directory = await claimDirectory(request, run);
  knownRuns().remember(run, directory.root);
  const { journal, signal } = openRunJournal(directory.journal, request.signal);
  const report = reporterOf(request.reporter, { stream: process.stdout, isTTY: process.stdout.isTTY, directory: directory.root, estimates });
  journal.onLine(report.line);
  acknowledge(request.signal, report, 'removing the machines');
  const execution = { run, directory, journal, cells, resumed, provider, capacity, site, source: matrix.document.versions.source };
  return closeRun({ ...{ journal, report, signal, directory: directory.root }, work: () => execute({ ...request, signal }, execution) });
}

/** What the provider has, once it has said that it can have these cells at all. */
async function capacityFor(provider: Provider, cells: readonly Cell[], signal: AbortSignal): Promise<Capacity> {
  try {
    const wishes = cells.filter(({ suites }) => suites.some((suite) => suite !== 'lint')).map(wishOf);
    if (wishes.length > 0) await provider.refuseImpossible?.(wishes, signal);
    return await provider.capacity(signal);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new ProofgridError({ code: 'RUN_INTERRUPTED', fault: 'interrupted', what: 'interrupted before anything was started', cause });
  }
}

interface Execution {
  readonly run: string;
  readonly directory: RunDirectory;
  readonly journal: OpenJournal;
  readonly cells: readonly Cell[];
  readonly resumed: Resumed | undefined;
  readonly provider: Provider;
  readonly capacity: Capacity;
  readonly site: string | undefined;
  readonly source: ReleaseSource;
}

async function execute(request: StartRequest, execution: Execution): Promise<void> {
  const { run, directory, journal, cells, resumed, provider, capacity, site, source } = execution;
  const started = performance.now();
  const artifacts = createArtifacts();
  const leases = request.resume === undefined ? [] : await unreleasedLeases(request.resume, site, () => provider);
  const planned = resumed?.record.cells ?? cells.map(({ slug, axes, suites }) => ({ cell: slug, axes, suites }));
  journal.write({
    type: 'run-started',
    ...{ run, version: proofgridVersion(), argv: [...request.argv], provider: provider.name, source, ...(site === undefined ? {} : { site }) },
    cells: planned.map(({ cell, axes, suites }) => ({ cell, axes, suites })),
  });
  const limit = runLimit(request.signal, request.timeoutMs);
  const { signal } = limit;
  const finish = (verdict: Verdict, reason = limit.reason()) => {
    const durationMs = Math.round(performance.now() - started);
    journal.write({ type: 'run-finished', verdict, exitCode: limit.exitCode(verdict), durationMs, ...(reason === undefined ? {} : { reason }) });
  };
  try {
    for (const lease of leases.filter(({ cell, whole }) => !whole && cells.some(({ slug }) => slug === cell))) await giveUp(lease, journal);
    const verdict = await runCells({
      cells,
      admission: createAdmission(capacity),
      signal,
      jobs: request.jobs,
      failFast: request.failFast,
      cellRun(cell) {
        const lease = leases.find((kept) => kept.cell === cell.slug && kept.whole)?.lease;
        const passed = resumed === undefined || lease === undefined ? new Set<string>() : passedSuites(resumed.record, cell.slug);
        return {
          ...{ cell, directory, journal, provider, artifacts, owner: processOwner(run), keep: request.keep, signal },
          ...(request.checks === undefined ? {} : { checks: request.checks }),
          ...(resumed === undefined ? {} : { resumed: { passed, ...(lease === undefined ? {} : { lease }) } }),
        };
      },
    });
    const end = endOf(request.signal);
    if (end === undefined) finish(worst([...passedBefore(resumed), verdict]));
    else finish(verdict === 'leaked' ? 'leaked' : 'errored', end.message);
  } catch (error) {
    finish(signal.aborted && endOf(request.signal) === undefined ? 'aborted' : 'errored', messageOf(error));
    throw error;
  } finally {
    limit.end();
    await closeSshMasters();
  }
}

/** Cells that passed in an earlier attempt are not run again, and count: without them a whole run would end as skipped. */
function passedBefore(resumed: Resumed | undefined): Verdict[] {
  return (resumed?.record.cells ?? []).map(({ verdict }) => verdict).filter((verdict) => verdict === 'passed');
}

/** A run goes on where its machines are, whatever the command line says. */
function resumedProvider({ record }: Resumed): ProviderName {
  return record.provider === 'kubevirt' ? 'kubevirt' : 'container';
}

/** A resumed run has the site that it had, unless another is named. A file is kept by its path: who resumes may stand elsewhere. */
function siteOf({ site }: StartRequest, resumed: Resumed | undefined): string {
  const named = site ?? resumed?.record.site ?? (process.env['PROOFGRID_SITE'] || 'default');
  return /^[a-z0-9-]+$/.test(named) ? named : path.resolve(named);
}

/** Machines of an earlier attempt that do not all run (it was killed in the middle of a checkpoint, a machine died) are no use to anyone. */
async function giveUp({ cell, lease, provider }: KeptLease, journal: OpenJournal): Promise<void> {
  await provider.release(lease);
  journal.write({ type: 'lease-released', cell, lease: lease.id });
  journal.write({ type: 'progress', cell, message: `lease ${lease.id} of the earlier attempt is gone or has machines that do not run: what was left of it is removed, and the cell starts anew` });
}

async function claimDirectory({ directory, resume }: StartRequest, run: string): Promise<RunDirectory> {
  const root = resume ?? directory ?? path.resolve('proofgrid-runs', run);
  refuseForeignReports(runDirectory(root, run));
  if (resume !== undefined) return runDirectory(resume, run);
  if (existsSync(path.join(root, 'journal.jsonl'))) {
    throw new ProofgridError({
      code: 'RUN_DIRECTORY_TAKEN',
      fault: 'usage',
      what: `${root} already holds a run`,
      remedy: 'continue it with --resume, or name another directory',
    });
  }
  return makeRunDirectory(root, run);
}
