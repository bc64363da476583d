import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { listSourceFiles } from './source-files.ts';
import type { LintFinding, LintTool } from './tool.ts';

/** What one tool has come to: either it has judged all its files, or it has proved nothing. */
export type ToolResult =
  | { readonly tool: string; readonly files: readonly string[]; readonly durationMs: number; readonly findings: readonly LintFinding[] }
  | { readonly tool: string; readonly files: readonly string[]; readonly durationMs: number; readonly error: unknown };

export interface LintRun {
  readonly root: string;
  readonly tools: readonly LintTool[];
  readonly signal: AbortSignal;
  readonly onStart?: (tool: string, files: readonly string[]) => void;
  readonly onResult?: (result: ToolResult) => void;
}

/** Runs the tools over the checkout, as many at a time as there are cores. A tool's own failure is a result. */
export async function runTools({ root, tools, signal, onStart, onResult }: LintRun): Promise<ToolResult[]> {
  const sources = await listSourceFiles(root, signal);
  const limit = pLimit(availableParallelism());
  return Promise.all(tools.map((tool) => limit(async () => {
    const files = tool.select(sources);
    onStart?.(tool.name, files);
    const result = await runOne(tool, root, files, signal);
    onResult?.(result);
    return result;
  })));
}

async function runOne(tool: LintTool, root: string, files: readonly string[], signal: AbortSignal): Promise<ToolResult> {
  const started = performance.now();
  const facts = () => ({ tool: tool.name, files, durationMs: Math.round(performance.now() - started) });
  if (files.length === 0) return { ...facts(), error: new Error(`${tool.name} found no file to judge`) };
  try {
    const findings = await tool.run(root, files, signal);
    return { ...facts(), findings };
  } catch (error) {
    return { ...facts(), error };
  }
}
