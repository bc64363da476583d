import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connection, type ConnectionOptions } from '../../../../../harness/provider/kubevirt/kube/connection.ts';

type Changes = { readonly cluster?: object; readonly user?: object; readonly users?: readonly object[]; readonly context?: object; readonly current?: string | null };

function kubeconfig({ cluster = {}, user = { token: 'secret-token' }, users, context = {}, current = 'x' }: Changes = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: users ?? [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
    ...(current === null ? {} : { 'current-context': current }),
  });
}

function file(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'proofgrid-kubeconfig-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'config'), content);
  return join(directory, 'config');
}

async function complaint(content: string, options: ConnectionOptions = {}): Promise<string> {
  try {
    const made = connection({ kubeconfig: file(content), ...options });
    await made.access();
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const plugin = (script: string) => ({ user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] } } });

test.each([
  ['no current context', kubeconfig({ current: null }), 'the kubeconfig has no current context, only x to choose from'],
  ['a current context that does not exist', kubeconfig({ current: 'y' }), 'the current context "y" does not exist, only x'],
  ['a cluster that does not exist', kubeconfig({ context: { cluster: 'd' } }), 'names the cluster "d", which does not exist'],
  ['a user that does not exist', kubeconfig({ context: { user: 'v' } }), 'names the user "v", which does not exist'],
  ['a server without a protocol', kubeconfig({ cluster: { server: '127.0.0.1:6443' } }), 'the server "127.0.0.1:6443" of the cluster "c" is no https:// address'],
  ['a proxy that is no address', kubeconfig({ cluster: { 'proxy-url': '::' } }), 'the proxy-url "::" of the cluster "c" is no address'],
  ['an empty file', '', 'is no kubeconfig: it is empty, or not of the kind Config'],
  ['text that is no YAML', 'a: [b\n', 'is no kubeconfig: unexpected end'],
  ['a certificate that is not there', kubeconfig({ user: { 'client-certificate': '/nonexistent.crt', 'client-key': '/nonexistent.key' } }), "the credentials cannot be had: ENOENT: no such file or directory, open '/nonexistent.crt'"],
  ['a plugin that fails', kubeconfig(plugin('echo please log in >&2; exit 7')), 'the credentials cannot be had: please log in'],
  ['a plugin that fails in silence', kubeconfig(plugin('exit 7')), 'the credentials cannot be had: the exec plugin failed without a word'],
  ['a plugin that is not installed', kubeconfig({ user: { exec: { command: 'no-such-plugin' } } }), 'the credentials cannot be had: spawn no-such-plugin ENOENT'],
])('%s is told as the caller\'s mistake', async (_name, content, message) => {
  const said = await complaint(content);
  expect(said).toContain(message);
  expect(said).toMatch(/; set KUBECONFIG to .* \[KUBECONFIG_UNUSABLE\]$/);
  expect(said).not.toContain('\n');
});

test('what a plugin prints is not repeated, not even when it makes no sense', async () => {
  const said = await complaint(kubeconfig(plugin('echo eyJ-half-a-token')));
  expect(said).toContain('the exec plugin printed no ExecCredential');
  expect(said).not.toContain('eyJ');
});

test('a plugin that hangs is ended', async () => {
  const said = await complaint(kubeconfig(plugin('sleep 1000')), { pluginLimitMs: 100 });
  expect(said).toContain('the exec plugin sh did not end within 0.1 s');
});

test('requests at the same time share the credentials, and what is said when there are none', async () => {
  const made = connection({ kubeconfig: file(kubeconfig(plugin('exit 7'))) });
  const results = await Promise.allSettled([made.access(), made.access()]);
  expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('KUBECONFIG_UNUSABLE')));
});

test('without any kubeconfig it says so, and asks nobody', () => {
  const home = mkdtempSync(join(tmpdir(), 'proofgrid-home-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true });
  });
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', home);
  expect(() => connection()).toThrow('there is neither KUBECONFIG nor ~/.kube/config');
});
