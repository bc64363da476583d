import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runPython } from './python-module.ts';

/** Issues for each name of a cluster in turn, in one directory; returns what was written, and why. */
const PROGRAM = `def issued(name):
  store = module.Store(given["directory"], False)
  module.issue_all(store, {
    "authorities": [{"name": "ca", "common_name": name + " kubernetes"}],
    "certificates": [{"name": "m/client", "authority": "ca", "common_name": "client", "organizations": [], "names": [], "usages": ["client"]}],
    "key_pairs": [], "secrets": [], "kubeconfigs": [], "networks": [], "authority_days": 3650, "certificate_days": 365, "renew_before_days": 90})
  return store.changes
print(json.dumps([issued(name) for name in given["names"]]))`;

test('a certificate is issued again when its authority has another subject, and only then', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'pki-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [, again, renamed, settled] = await runPython('action/pki.py', PROGRAM, { directory, names: ['shop', 'shop', 'bank', 'bank'] }) as Record<string, string>[];
  expect(again).toEqual({});
  expect(renamed).toEqual({ 'ca.crt': 'other subject', 'm/client.crt': 'other issuer' });
  expect(settled).toEqual({});
});
