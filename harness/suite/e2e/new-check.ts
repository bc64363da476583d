import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../lifecycle/root.ts';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Source of a check that is red until somebody writes it. */
export function checkSource(name: string, title: string): string {
  const identifier = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return `import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { stopUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';

export const ${identifier}: Check = {
  name: '${name}',
  title: ${JSON.stringify(title)},
  // Why this number.
  limitMs: 30_000,
  async run() {
    return judgeComplaints('what must be true', ['not written yet']);
  },
  sabotages: [
    {
      name: 'what-is-broken',
      observed: /^the reason and nothing else$/,
      apply: faulty((context, mend) => stopUnit([last(nodes(context))], 'kubelet', mend)),
    },
  ],
};
`;
}

async function main([name = '', title = '']: readonly string[]): Promise<void> {
  if (!NAME.test(name) || title === '') {
    process.stderr.write('usage: npm run new:check -- NAME TITLE\n  NAME is in kebab-case: node-clock-in-step\n');
    process.exitCode = 2;
    return;
  }
  const file = path.join(packageRoot, 'harness/suite/e2e/check', `${name}.ts`);
  await writeFile(file, checkSource(name, title), { flag: 'wx' });
  process.stdout.write(`made ${path.relative(process.cwd(), file)}; now put it into its phase in harness/suite/e2e/checks.ts\n`);
}

if (process.argv[1] !== undefined && path.basename(process.argv[1]).startsWith('new-check.')) await main(process.argv.slice(2));
