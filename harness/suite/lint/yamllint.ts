import path from 'node:path';
import { runTool } from './run-tool.ts';
import type { LintFinding, LintTool } from './tool.ts';

/** `<file>:<line>:<column>: [<level>] <message> (<rule>)`; a syntax error has no rule in older versions. */
const LINE = /^(.+):(\d+):(\d+): \[(?:error|warning)\] (.*?)(?: \(([\w-]+)\))?$/;

export const yamllint: LintTool = {
  name: 'yamllint',
  select: (files) => files.filter(({ path: name }) => isYaml(name)).map(({ path: name }) => name),
  async run(root, files, signal) {
    const words = ['--strict', '-f', 'parsable', '-c', path.join(root, 'lint', 'yamllint.yml'), ...files];
    // 1 is errors, 2 warnings; a configuration that cannot be read is 255 (and Python's own crash 1, without findings).
    const { stdout, stderr, exitCode } = await runTool('yamllint', words, { cwd: root, signal, expected: [0, 1, 2] });
    const findings = parseYamllint(stdout);
    if (exitCode !== 0 && findings.length === 0) throw new Error(`yamllint ended with ${exitCode} and no finding: ${stderr.slice(0, 2000)}`);
    return findings;
  },
};

export function isYaml(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

/** Reads yamllint's parsable format; throws for a line that is not of it. */
export function parseYamllint(output: string): LintFinding[] {
  return output.split('\n').filter((line) => line !== '').map((line) => {
    const [, file, row, column, message, rule] = LINE.exec(line) ?? [];
    if (file === undefined || message === undefined) throw new Error(`yamllint said something unknown: ${line}`);
    return { tool: 'yamllint', rule: rule ?? 'syntax', message, file, line: Number(row), column: Number(column) };
  });
}
