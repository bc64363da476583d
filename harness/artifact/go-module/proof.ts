import { join } from 'node:path';
import type { BuildSite } from '../recipe.ts';
import type { GoComponent } from './component.ts';

/** Asks an executable in `directory` for its version. @throws Error when that is not what was asked for */
export async function proveVersion(site: BuildSite, directory: string, { proof }: Pick<GoComponent, 'proof'>, version: string): Promise<void> {
  const { program, args, pattern } = proof;
  // Some projects print their version to standard error.
  const lines: string[] = [];
  const output = await site.run([join(directory, program), ...args], { onErrorLine: (line) => void lines.push(line) });
  const said = [output, ...lines].join('\n').trim();
  const reported = pattern.exec(said)?.[1];
  if (reported !== version) throw new Error(`${program} calls itself ${JSON.stringify(reported ?? said.split('\n', 1)[0])}, not ${version}`);
}
