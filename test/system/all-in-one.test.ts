import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSecrets } from '../../harness/cell/secrets.ts';
import { readJournal } from '../../harness/journal/read.ts';
import { replay } from '../../harness/journal/replay.ts';
import { leasedResources, newDirectory, proofgrid } from './proofgrid.ts';

/** Files of a run directory that may hold secrets: below `secrets/`, the kubeconfig, and the inventory. */
const BELONGS = /^cells\/[^/]+\/(secrets\/|kubeconfig$|inventory\.yaml$)/;

describe('one real cell, from nothing to JUnit', () => {
  let directory: string;
  let output: string;
  let exitCode: number | undefined;

  beforeAll(async () => {
    directory = await newDirectory('all-in-one');
    const result = await proofgrid(['run', 'all-in-one', '--run-dir', directory]);
    output = result.all;
    exitCode = result.exitCode;
  });

  test('passes, and says where the reports lie', () => {
    expect(output).toContain(path.join(directory, 'junit.xml'));
    expect(output).toContain(path.join(directory, 'report.html'));
    expect(exitCode, output).toBe(0);
  });

  test('has a case for each of the nine steps and for every check', async () => {
    const { lines } = readJournal(path.join(directory, 'journal.jsonl'));
    const [cell] = replay(lines).cells;
    const deploy = cell?.phases.find(({ suite, phase }) => suite === 'lifecycle' && phase === 'deploy');
    expect(deploy?.cases.map(({ name, verdict }) => `${name} ${verdict}`)).toHaveLength(9);
    const checks = cell?.phases.filter(({ suite }) => suite === 'e2e').flatMap(({ cases }) => cases) ?? [];
    expect(checks.length).toBeGreaterThan(15);
    expect(checks.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')).toEqual([]);
  });

  test('leaves no machine, network or volume', async () => {
    expect(await leasedResources(directory)).toEqual([]);
  });

  test('gathers evidence from the machine', async () => {
    const [cell] = await readdir(path.join(directory, 'cells'));
    const files = await readdir(path.join(directory, 'cells', cell ?? '', 'evidence'), { recursive: true });
    for (const name of ['journal.log', 'components.log', 'objects.json', 'etcd-status.json', 'console.log']) {
      expect(files.map((file) => path.basename(file))).toContain(name);
    }
  });

  test('keeps every secret in files of mode 0600 that belong there', async () => {
    const [cell = ''] = await readdir(path.join(directory, 'cells'));
    const secrets = await readSecrets(path.join(directory, 'cells', cell, 'secrets'));
    expect(secrets.length).toBeGreaterThan(20); // keys of the CAs, of every component, of SSH
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      const relative = path.relative(directory, file);
      const text = await readFile(file, 'utf8');
      const leaked = secrets.filter((secret) => text.includes(secret));
      if (leaked.length === 0) continue;
      expect(relative, 'a secret lies where none belongs').toMatch(BELONGS);
      expect((await stat(file)).mode & 0o777, relative).toBe(0o600);
    }
  });
});
