import { expect, test } from 'vitest';
import type { Host } from '../../../../harness/suite/check.ts';
import { fileComplaints, type FileRule } from '../../../../harness/suite/e2e/file-state.ts';

/** Answers as the script on a machine does: one list of files for each rule. */
function machine(...found: readonly object[][]): Host {
  return { name: 'm1', address: '192.0.2.1', roles: [], exec: async () => ({ exitCode: 0, stdout: JSON.stringify(found), stderr: '' }) };
}

const RULE: FileRule = { paths: ['/etc/x/*.key'], mode: 0o600, owner: 'root:root', ids: '9.9' };

test('bits beyond the mode, and another owner, are named with the number of the benchmark', async () => {
  const host = machine([
    { path: '/etc/x/a.key', mode: 0o640, owner: 'root:root' },
    { path: '/etc/x/b.key', mode: 0o400, owner: 'nobody:root' },
  ]);
  expect(await fileComplaints(host, [RULE])).toEqual([
    'm1: /etc/x/a.key has mode 0640, more than 0600 (9.9)',
    'm1: /etc/x/b.key belongs to nobody:root, not to root:root (9.9)',
  ]);
});

test('a rule that meets no file has looked in the wrong place, unless it says otherwise', async () => {
  expect(await fileComplaints(machine([]), [RULE])).toEqual(['m1: no /etc/x/*.key (9.9)']);
  expect(await fileComplaints(machine([]), [{ ...RULE, optional: true }])).toEqual([]);
});
