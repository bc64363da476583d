import path from 'node:path';
import pLimit from 'p-limit';
import { isEntryPoint, withAnsibleEnvironment } from './ansible-environment.ts';
import { runTool, type ToolOptions } from './run-tool.ts';
import type { LintFinding, LintTool } from './tool.ts';

/** ansible-core up to 2.18 says the first, newer ones the second. */
const PLACES = [
  /The error appears to (?:be in|have been in) '([^']+)': line (\d+), column (\d+)/,
  /Origin: (\S+?):(\d+):(\d+)/,
];

export const playbookSyntax: LintTool = {
  name: 'playbook-syntax',
  select: (files) => files.map(({ path: name }) => name).filter(isEntryPoint),
  run: (root, files, signal) => withAnsibleEnvironment(root, async (env) => {
    const options: ToolOptions = { cwd: path.join(root, 'playbooks'), signal, env, expected: [0, 1, 2, 4] };
    const check = (names: readonly string[]) =>
      runTool('ansible-playbook', ['--syntax-check', '-i', 'localhost,', ...names.map((name) => path.join(root, name))], options);
    // Starting ansible costs most of it, so all in one; but that stops at the first error.
    if ((await check(files)).exitCode === 0) return [];
    const limit = pLimit(2);
    const each = await Promise.all(files.map((file) => limit(async () => {
      const { exitCode, stderr } = await check([file]);
      return exitCode === 0 ? [] : [parseSyntaxError(root, file, stderr)];
    })));
    const findings = distinct(each.flat());
    if (findings.length === 0) throw new Error('ansible-playbook --syntax-check failed for all entry points together, and for none alone');
    return findings;
  }),
};

/** What ansible says of a playbook that it cannot read, with the place of the mistake, or else the playbook's start. */
export function parseSyntaxError(root: string, playbook: string, stderr: string): LintFinding {
  const [, file, line, column] = PLACES.map((pattern) => pattern.exec(stderr)).find((match) => match !== null) ?? [];
  const message = /(?:ERROR!|\[ERROR\]:) ([\s\S]*?)(?:\n\n|$)/.exec(stderr)?.[1]?.trim() ?? stderr.trim();
  const place = file === undefined ? { file: playbook, line: 1, column: 1 } : { file: path.relative(root, file), line: Number(line), column: Number(column) };
  return { tool: 'playbook-syntax', rule: 'syntax-check', message: message.slice(0, 2000), ...place };
}

/** `deploy.yml` repeats the mistakes of all that it imports. */
function distinct(findings: readonly LintFinding[]): LintFinding[] {
  return [...new Map(findings.map((finding) => [`${finding.file}:${finding.line}:${finding.column}`, finding])).values()];
}
