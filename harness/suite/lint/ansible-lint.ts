import path from 'node:path';
import { z } from 'zod';
import { withAnsibleEnvironment } from './ansible-environment.ts';
import { runTool } from './run-tool.ts';
import type { LintFinding, LintTool } from './tool.ts';
import { isYaml } from './yamllint.ts';

/** Code Climate's format; either a line alone, or a line with its column. */
const outputSchema = z.array(z.object({
  check_name: z.string(),
  description: z.string(),
  content: z.object({ body: z.string() }).optional(),
  location: z.object({
    path: z.string(),
    lines: z.object({ begin: z.int() }).optional(),
    positions: z.object({ begin: z.object({ line: z.int(), column: z.int().optional() }) }).optional(),
  }),
}));

export const ansibleLint: LintTool = {
  name: 'ansible-lint',
  select: (files) => files.map(({ path: name }) => name).filter((name) => name.startsWith('playbooks/') && isYaml(name)),
  run: (root, files, signal) => withAnsibleEnvironment(root, async (env) => {
    const configuration = path.join(root, 'lint', 'ansible-lint.yml');
    const words = ['--offline', '--strict', '--nocolor', '-q', '-f', 'json', '-c', configuration, '--project-dir', '.', ...files];
    const { stdout, stderr, exitCode } = await runTool('ansible-lint', words, { cwd: root, signal, env, expected: [0, 2] });
    const findings = parseAnsibleLint(stdout);
    if (exitCode !== 0 && findings.length === 0) throw new Error(`ansible-lint ended with ${exitCode} and no finding: ${stderr.slice(0, 2000)}`);
    return findings;
  }),
};

export function parseAnsibleLint(output: string): LintFinding[] {
  return outputSchema.parse(JSON.parse(output)).map(({ check_name: rule, description, content, location }) => ({
    tool: 'ansible-lint',
    rule,
    message: [description, ...detail(content?.body)].join(': '),
    file: location.path,
    line: location.positions?.begin.line ?? location.lines?.begin ?? 1,
    column: location.positions?.begin.column ?? 1,
  }));
}

/** Some rules say here what they saw, in a line; others print the rule's whole page. */
function detail(body = ''): string[] {
  return body === '' || body.includes('\n') ? [] : [body];
}
