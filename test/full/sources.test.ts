import { expect, test } from 'vitest';
import { junitFacts } from '../system/junit-facts.ts';
import { leasedResources, newDirectory, proofgrid } from '../system/proofgrid.ts';
import { startReleaseMirror } from './release-mirror.ts';

/** Where files come from, and the names of cache entries, which are made of it. */
const PROVENANCE = /^property \S+ (?!image\.)[a-z-]+\.(digest|provenance\.\S+) = /;

async function factsOf(source: string, matrix: string): Promise<string[]> {
  const directory = await newDirectory(source);
  const { all, exitCode } = await proofgrid(['run', 'all-in-one', '--matrix', matrix, '--source', source, '--run-dir', directory]);
  expect(exitCode, all).toBe(0);
  expect(await leasedResources(directory)).toEqual([]);
  return junitFacts(directory);
}

test('the same cell built from Go modules and taken from a mirror differs in nothing but the provenance', async () => {
  const mirror = await startReleaseMirror();
  try {
    const built = await factsOf('go-module', mirror.matrix);
    const taken = await factsOf('upstream', mirror.matrix);
    const rest = (facts: readonly string[]) => facts.filter((fact) => !PROVENANCE.test(fact));
    expect(rest(taken)).toEqual(rest(built));
    expect(built.some((fact) => fact.endsWith('kubernetes.provenance.source = go-module'))).toBe(true);
    for (const part of ['kubernetes', 'pause', 'agnhost', 'coredns']) {
      expect(taken.some((fact) => fact.endsWith(`${part}.provenance.source = upstream`)), part).toBe(true);
    }
  } finally {
    await mirror.stop();
  }
});
