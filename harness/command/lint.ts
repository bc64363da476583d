import path from 'node:path';
import { Command } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import { packageRoot } from '../../lifecycle/root.ts';
import type { JournalEvent, Verdict } from '../journal/event.ts';
import { replay } from '../journal/replay.ts';
import { exitCodeOf } from '../journal/verdict.ts';
import { writeAtomically } from '../report/atomic.ts';
import { junit } from '../report/junit.ts';
import { marked, refuseForeign } from '../report/own-file.ts';
import { memoryJournal } from '../suite/lint/memory-journal.ts';
import { runLintSuite } from '../suite/lint/suite.ts';
import { LINT_TOOLS } from '../suite/lint/tools.ts';
import { proofgridVersion } from '../version.ts';
import { lintProgress } from './lint-progress.ts';

interface LintOptions {
  readonly tool?: string[];
  readonly junit?: string;
  readonly quiet: boolean;
}

const CELL = 'lint';

const EXAMPLES = `
Examples:
  proofgrid lint                                every tool
  proofgrid lint --tool yamllint shellcheck     some of them
  proofgrid lint --junit junit.xml              for a pipeline's test report
  proofgrid lint -q > findings.txt              findings alone, file:line:column each

Exit codes: 0 no finding · 1 findings · 2 bad usage · 3 a tool did not run, so nothing is proved · 130 interrupted`;

export function lintCommand(): Command {
  return new Command('lint')
    .description('judges playbooks, YAML, shell scripts and documents, each finding with file, line and column')
    .option('--tool <NAME...>', `only these: ${LINT_TOOLS.map(({ name }) => name).join(', ')}`)
    .option('--junit <FILE>', 'write the result as JUnit too')
    .option('-q, --quiet', 'no progress on standard error', false)
    .addHelpText('after', EXAMPLES)
    .action(lint);
}

async function lint({ tool: names, junit: file, quiet }: LintOptions): Promise<void> {
  const tools = names === undefined ? LINT_TOOLS : names.map(toolNamed);
  if (file !== undefined) refuseForeign(path.resolve(file));
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => controller.abort());
  const journal = memoryJournal();
  const started = performance.now();
  const plan = { cell: CELL, axes: {}, suites: ['lint'] };
  journal.write({ type: 'run-started', run: CELL, version: proofgridVersion(), argv: process.argv.slice(2), provider: 'none', cells: [plan] });
  journal.write({ type: 'cell-started', cell: CELL });
  const write = journal.write;
  const telling = { ...journal, write: (event: JournalEvent) => { write(event); progress?.follow(event); tell(event); } };
  const progress = quiet ? undefined : lintProgress({ stream: process.stderr, isTTY: process.stderr.isTTY, tools: tools.length });
  const verdict = await runLintSuite(telling, CELL, controller.signal, { root: packageRoot, tools });
  progress?.close();
  const durationMs = Math.round(performance.now() - started);
  journal.write({ type: 'cell-finished', cell: CELL, verdict, durationMs });
  journal.write({ type: 'run-finished', verdict, exitCode: exitCodeOf(verdict), durationMs });
  if (file !== undefined) writeAtomically(path.resolve(file), marked(junit(replay(journal.lines))));
  process.stderr.write(`${summary(verdict, journal.lines, durationMs)}\n`);
  process.exitCode = exitCodeOf(verdict);
}

/** Findings on standard output, one a line and nothing else; tools that did not do their work beside it. */
function tell(event: JournalEvent): void {
  if (event.type !== 'case-finished') return;
  if (event.verdict === 'failed') process.stdout.write(`${event.observed ?? event.name}\n`);
  if (event.verdict === 'errored') process.stderr.write(`${event.name}: ${event.message ?? 'did not run'}\n`);
}

function summary(verdict: Verdict, events: readonly JournalEvent[], durationMs: number): string {
  const cases = events.filter((event) => event.type === 'case-finished');
  const tools = new Set(cases.map(({ classname }) => classname)).size;
  const findings = cases.filter((each) => each.verdict === 'failed').length;
  const judged = cases.filter((each) => each.verdict !== 'skipped' && each.verdict !== 'errored').length;
  return `lint ${verdict}: ${findings} finding(s), ${tools} tool(s), ${judged} case(s), ${(durationMs / 1000).toFixed(1)} s`;
}

function toolNamed(name: string) {
  const tool = LINT_TOOLS.find((each) => each.name === name);
  if (tool !== undefined) return tool;
  throw new ProofgridError({
    code: 'LINT_TOOL_UNKNOWN',
    fault: 'usage',
    what: `no lint tool is called ${name}`,
    remedy: `choose of ${LINT_TOOLS.map((each) => each.name).join(', ')}`,
  });
}
