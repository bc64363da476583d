import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BuildSite } from '../recipe.ts';

/** Takes these members, and nothing else, out of a compressed archive in `site.scratch` into `site.output`. */
export async function takeOut(site: BuildSite, archive: string, members: readonly string[]): Promise<void> {
  const unpacked = join(site.scratch, 'unpacked');
  await mkdir(unpacked);
  await site.run(['tar', '--extract', '--gzip', '--no-same-owner', '--file', join(site.scratch, archive), '--directory', unpacked, ...members]);
  for (const member of members) await copyFile(join(unpacked, member), join(site.output, basename(member)));
}

/**
 * Runs `<name> --version` of a binary in `site.output` and compares what `pattern` finds there with the version that the
 * mirror promised. What a distributor appends (`1.6.20~ds1`, `20.10.24+dfsg1`) is the same release; a candidate is not.
 */
export async function proveVersion(site: BuildSite, name: string, pattern: RegExp, version: string): Promise<void> {
  const said = await site.run([join(site.output, name), '--version']);
  const reported = pattern.exec(said)?.[1];
  if (reported === undefined) throw new Error(`${name} --version says no version: ${said.split('\n', 1)[0]}`);
  if (reported.split(/[+~]/, 1)[0] !== version) throw new Error(`the mirror's ${name} calls itself ${reported}, not ${version}`);
}
