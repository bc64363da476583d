import type { Host } from '../../check.ts';
import { otherPatch } from '../version.ts';
import { editFile } from './file.ts';
import type { Mend } from './mend.ts';
import { restartUnit } from './unit.ts';

/**
 * Runs a unit from a copy of its program that really reports another version: every mention of the version inside it is
 * overwritten with one of the same length. The caller registers beforehand what the mending has to wait for.
 */
export async function runOtherVersion(host: Host, unit: string, version: string, mend: Mend): Promise<string> {
  const other = otherPatch(version);
  const program = `/usr/local/bin/${unit}`;
  mend(() => restartUnit(host, unit));
  await editFile(host, program, `s/${version.replaceAll('.', String.raw`\.`)}/${other}/g`, mend);
  await restartUnit(host, unit);
  return other;
}
