import path from 'node:path';
import { expect } from 'vitest';
import { readJournal } from '../../harness/journal/read.ts';
import { replay } from '../../harness/journal/replay.ts';
import type { Runtime } from '../../lifecycle/cluster-deployment.ts';
import { startEngineMirror, VERSIONS } from './engine-mirror.ts';
import { leasedResources, newDirectory, proofgrid } from './proofgrid.ts';

/** Machines without an engine get the one of a release, and all checks pass on it. @param set further axes, as `--set` takes them */
export async function proveEngineRelease(engine: Runtime, set: readonly string[] = []): Promise<void> {
  const mirror = await startEngineMirror(engine);
  try {
    const directory = await newDirectory('engine-release');
    const axes = [`runtime=${mirror.value}`, ...set].flatMap((each) => ['--set', each]);
    const { all, exitCode } = await proofgrid(['run', 'all-in-one', ...axes, '--matrix', mirror.matrix, '--run-dir', directory]);
    expect(exitCode, all).toBe(0);
    const [cell] = replay(readJournal(path.join(directory, 'journal.jsonl')).lines).cells;
    expect(cell?.properties['runtime.version']).toBe(VERSIONS[engine]);
    expect(Object.keys(cell?.properties ?? {}).filter((name) => /^image\.package\.(containerd|docker\.io|runc)$/.test(name))).toEqual([]);
    const cases = cell?.phases.flatMap((phase) => phase.cases.map(({ name, verdict }) => ({ name, verdict, suite: phase.suite }))) ?? [];
    // it compares what every node reports with the version that the document names
    expect(cases).toContainEqual({ name: 'nodes-ready', verdict: 'passed', suite: 'e2e' });
    expect(await leasedResources(directory)).toEqual([]);
  } finally {
    await mirror.stop();
  }
}
