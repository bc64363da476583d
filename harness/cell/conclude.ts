import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Verdict } from '../journal/event.ts';
import { shellJoin } from '../machine/quote.ts';
import type { Lease } from '../provider/contract.ts';
import type { CellRun } from './cell-run.ts';
import { hostsOf } from './hosts.ts';
import { gatherEvidence } from './evidence.ts';
import { messageOf, openPhase } from './phase.ts';
import type { CellPaths } from './run-directory.ts';
import { readSecrets, redactor } from './secrets.ts';

/** Milliseconds for each piece of evidence. An interrupted run has 30 s in all until its machines must be gone. */
const EVIDENCE_LIMIT = { normal: 30_000, interrupted: 5_000 };
/** Milliseconds that kept machines live: a working day and the night before. */
const KEPT_FOR = 24 * 3_600_000;

interface Conclusion {
  readonly run: CellRun;
  readonly paths: CellPaths;
  readonly lease: Lease | undefined;
  readonly verdict: Verdict;
  /** Called once the evidence is there, before the machines are kept or released. */
  readonly beforeMachines: () => Promise<void>;
}

/** Evidence, then the machines: always in this order, whatever has happened before. */
export async function conclude({ run, paths, lease, verdict, beforeMachines }: Conclusion): Promise<Verdict> {
  if (lease === undefined) return 'skipped'; // neutral: there was nothing to gather and nothing to remove
  const { journal, cell } = run;
  const phase = openPhase(journal, { cell: cell.slug, suite: 'cell', phase: 'conclude' }, ['evidence', 'machines']);
  try {
    await phase.run('evidence', () => collect(run, paths, lease)).catch(() => undefined); // journalled; the machines must go all the same
    const kept = run.keep === 'always' || (run.keep === 'failed' && verdict !== 'passed' && !run.signal.aborted);
    await beforeMachines();
    return await phase.run('machines', () => (kept ? keep(run, lease) : release(run, lease)));
  } catch (error) {
    journal.write({ type: 'progress', cell: cell.slug, message: messageOf(error) });
    return 'leaked';
  } finally {
    phase.finish();
  }
}

async function collect(run: CellRun, paths: CellPaths, lease: Lease): Promise<void> {
  const { cell, journal, provider, signal, directory } = run;
  const console = provider.console;
  const files = await gatherEvidence({
    directory: paths.evidence,
    hosts: hostsOf(run, lease.machines),
    redact: redactor(await readSecrets(paths.secrets)),
    limitMs: signal.aborted ? EVIDENCE_LIMIT.interrupted : EVIDENCE_LIMIT.normal,
    brief: signal.aborted,
    kubeconfig: await readFile(path.join(paths.state, 'admin.kubeconfig'), 'utf8').catch(() => undefined),
    ...(console === undefined ? {} : { console: (machine: string) => console.read(lease, machine) }),
  });
  for (const file of files) {
    const relative = path.relative(directory.root, file);
    journal.write({ type: 'evidence', cell: cell.slug, path: relative, title: path.relative(paths.evidence, file) });
  }
}

async function release({ provider, journal, cell }: CellRun, lease: Lease): Promise<Verdict> {
  await provider.release(lease);
  journal.write({ type: 'lease-released', cell: cell.slug, lease: lease.id });
  return 'passed';
}

async function keep(run: CellRun, lease: Lease): Promise<Verdict> {
  const until = new Date(Date.now() + KEPT_FOR).toISOString();
  await run.provider.keep(lease, KEPT_FOR);
  run.journal.write({ type: 'lease-kept', cell: run.cell.slug, lease: lease.id, until });
  const entry = shellJoin(['proofgrid', 'shell', run.directory.root, lease.machines[0]?.name ?? 'MACHINE']);
  run.journal.write({ type: 'progress', cell: run.cell.slug, message: `machines are kept until ${until}; get in with: ${entry}` });
  return 'passed';
}
