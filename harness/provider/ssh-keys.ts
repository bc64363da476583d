import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Names of the files in `LeaseRequest.directory`. */
export function keyFiles(directory: string): { identityFile: string; knownHostsFile: string } {
  return { identityFile: join(directory, 'id_ed25519'), knownHostsFile: join(directory, 'known_hosts') };
}

/** A new ed25519 key pair without a passphrase, private part mode 0600. Resolves with the public line. */
export async function generateKey(path: string, comment: string): Promise<string> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path], { stdin: 'ignore', timeout: 10_000 });
  return (await readFile(`${path}.pub`, 'utf8')).trim();
}

/** known_hosts(5): one line per machine, written before any of them exists. */
export async function writeKnownHosts(path: string, hosts: readonly { address: string; publicKey: string }[]): Promise<void> {
  const lines = hosts.map(({ address, publicKey }) => `${address} ${publicKey.split(' ').slice(0, 2).join(' ')}\n`);
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, lines.join(''), { mode: 0o600 });
  await rename(draft, path);
}
