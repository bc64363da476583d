import { packageRoot } from '../../../lifecycle/root.ts';
import type { CaseResult, JournalWriter, PhaseId, Verdict } from '../../journal/event.ts';
import { worst } from '../../journal/verdict.ts';
import { runTools, type ToolResult } from './run-tools.ts';
import { byFile, type LintFinding, type LintTool } from './tool.ts';
import { LINT_TOOLS } from './tools.ts';

export interface LintSuiteOptions {
  /** The checkout to judge; by default the one that this runs from. */
  readonly root?: string;
  readonly tools?: readonly LintTool[];
}

/** The suite `lint`: one phase per tool, one case per file that it judged. */
export async function runLintSuite(
  journal: JournalWriter,
  cell: string,
  signal: AbortSignal,
  { root = packageRoot, tools = LINT_TOOLS }: LintSuiteOptions = {},
): Promise<Verdict> {
  const verdicts: Verdict[] = [];
  const phaseOf = (phase: string): PhaseId => ({ cell, suite: 'lint', phase });
  await runTools({
    root,
    tools,
    signal,
    onStart: (tool, files) => journal.write({ type: 'phase-started', ...phaseOf(tool), cases: [...files] }),
    onResult: (result) => {
      const id = phaseOf(result.tool);
      const cases = casesOf(result, signal.aborted);
      for (const each of cases) journal.write({ type: 'case-finished', ...id, ...each });
      const verdict = worst(cases.map((each) => each.verdict));
      verdicts.push(verdict);
      journal.write({ type: 'phase-finished', ...id, verdict, durationMs: result.durationMs });
    },
  });
  return worst(verdicts);
}

/** Cases of one tool's phase. A file's first finding bears the file's name, so that the case keeps it over time. */
export function casesOf(result: ToolResult, aborted = false): CaseResult[] {
  const base = { classname: result.tool, durationMs: 0 };
  if ('error' in result) {
    const verdict = aborted ? 'aborted' : 'errored';
    const message = aborted ? 'asked to stop' : messageOf(result.error);
    const reason = `${result.tool} did not do its work`;
    return [
      { ...base, name: result.tool, verdict, durationMs: result.durationMs, message },
      ...result.files.map((name): CaseResult => ({ ...base, name, verdict: 'skipped', message: reason })),
    ];
  }
  const findings = byFile(result.findings);
  // A tool may complain of a file that it came to from another one.
  const names = new Set([...result.files, ...findings.keys()]);
  // Tools do not tell how long a file took: the first case bears the whole, so that sums are true.
  return [...names].flatMap((name) => fileCases(name, findings.get(name) ?? [], base)).map((each, index) => (
    index === 0 ? { ...each, durationMs: result.durationMs } : each
  ));
}

function fileCases(name: string, findings: readonly LintFinding[], base: { classname: string; durationMs: number }): CaseResult[] {
  if (findings.length === 0) return [{ ...base, name, verdict: 'passed' }];
  return findings.map((finding, index) => ({
    ...base,
    name: index === 0 ? name : `${name} (${index + 1}: ${finding.rule})`,
    verdict: 'failed',
    message: `${finding.rule}: ${finding.message}`,
    expected: `no finding of ${finding.tool}`,
    observed: describeFinding(finding),
    location: `${finding.file}:${finding.line}`,
  }));
}

/** `file:line:column: message [tool rule]`, which terminals and editors open. */
export function describeFinding({ tool, rule, message, file, line, column }: LintFinding): string {
  return `${file}:${line}:${column}: ${message.replace(/\s+/g, ' ').trim()} [${tool} ${rule}]`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
