import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { copyOfCheckout, pipeline } from '../integration/gitlab-ci/checkout.ts';

// The job runs the unit project alone, so this test is not in it and cannot start itself again.
test('lint and unit jobs run, and leave the JUnit that they promise', async () => {
  const root = await copyOfCheckout();
  const { exitCode, all } = await pipeline(
    root, '--force-shell-executor', '--shell-isolation', '--artifacts-to-source', '--concurrency', '1',
    // packages that are here already need no download
    '--variable', `NPM_CONFIG_CACHE=${path.join(homedir(), '.npm')}`, '--variable', 'CI_PIPELINE_SOURCE=merge_request_event',
    'lint', 'unit',
  );
  expect(exitCode, all.slice(-4000)).toBe(0);
  for (const [report, contains] of [['lint.xml', 'classname="lint.lint.yamllint"'], ['unit.xml', 'test/unit/']] as const) {
    const junit = await readFile(path.join(root, 'reports', report), 'utf8');
    expect(junit).toMatch(/<testsuites[\s>]/);
    expect(junit).toContain(contains);
    expect(junit).toMatch(/<\/testsuites>\s*$/);
  }
}, 1_800_000);
