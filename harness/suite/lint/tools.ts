import { ansibleLint } from './ansible-lint.ts';
import { documents } from './documents.ts';
import { playbookSyntax } from './playbook-syntax.ts';
import { shellcheck } from './shellcheck.ts';
import type { LintTool } from './tool.ts';
import { yamllint } from './yamllint.ts';

/** The slowest first: it decides how long all of them take together. */
export const LINT_TOOLS: readonly LintTool[] = [ansibleLint, playbookSyntax, yamllint, shellcheck, documents];
