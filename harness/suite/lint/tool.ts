/** One thing that a tool complains about. Lines and columns count from 1. */
export interface LintFinding {
  readonly tool: string;
  /** The tool's own name of the rule: `SC2086`, `no-changed-when`. */
  readonly rule: string;
  readonly message: string;
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A file of the checkout, as much of it as tools need to choose theirs. */
export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  /** Its first line, at most 256 bytes. */
  readonly firstLine: string;
}

export interface LintTool {
  readonly name: string;
  /** The files that it judges. None at all is an error: a tool that has looked at nothing has proved nothing. */
  select(files: readonly SourceFile[]): readonly string[];
  /** Judges the selected files. Rejects when the tool could not run or did not finish, with whatever it said. */
  run(root: string, files: readonly string[], signal: AbortSignal): Promise<readonly LintFinding[]>;
}

/** Every finding of one file stands under one key, in the order of the file. */
export function byFile(findings: readonly LintFinding[]): Map<string, LintFinding[]> {
  const sorted = [...findings].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
  const groups = new Map<string, LintFinding[]>();
  for (const finding of sorted) groups.set(finding.file, [...(groups.get(finding.file) ?? []), finding]);
  return groups;
}
