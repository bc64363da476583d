import path from 'node:path';
import { z } from 'zod';
import { runTool } from './run-tool.ts';
import type { LintFinding, LintTool, SourceFile } from './tool.ts';

const outputSchema = z.object({
  comments: z.array(z.object({
    file: z.string(), line: z.int(), column: z.int(), code: z.int(), message: z.string(),
  })),
});

export const shellcheck: LintTool = {
  name: 'shellcheck',
  select: (files) => files.filter(isShellScript).map(({ path: name }) => name),
  async run(root, files, signal) {
    // Only from 0.10 on can a configuration be named; before, one is found in the XDG directory, if HOME has none.
    const env = { XDG_CONFIG_HOME: path.join(root, 'lint'), HOME: path.join(root, 'lint') };
    const { stdout } = await runTool('shellcheck', ['--format=json1', '--', ...files], { cwd: root, signal, env, expected: [0, 1] });
    return parseShellcheck(stdout);
  },
};

/** By its name or its first line. Templates are not shell yet. */
export function isShellScript({ path: name, firstLine }: SourceFile): boolean {
  if (name.endsWith('.j2')) return false;
  return /\.(sh|bash|ksh|dash)$/.test(name) || /^#!\s*\S*\/(?:env\s+(?:-S\s+)?)?(?:ba|da|k)?sh(?:\s|$)/.test(firstLine);
}

export function parseShellcheck(output: string): LintFinding[] {
  return outputSchema.parse(JSON.parse(output)).comments.map(({ file, line, column, code, message }) => (
    { tool: 'shellcheck', rule: `SC${code}`, message, file, line, column }
  ));
}
