import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey, keyFiles, writeKnownHosts } from '../ssh-keys.ts';

export interface HostKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The run's key lies in the directory; the machines' own only in memory, on their way into the Secrets. */
export interface LeaseKeys {
  readonly authorizedKey: string;
  readonly hosts: Readonly<Record<string, HostKey>>;
}

export async function generateLeaseKeys(directory: string, lease: string, machines: readonly string[]): Promise<LeaseKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { identityFile } = keyFiles(directory);
  await removeKeys(directory);
  const authorizedKey = await generateKey(identityFile, `proofgrid-${lease}`);
  const scratch = await mkdtemp(join(directory, 'host-keys-'));
  try {
    const pairs = machines.map(async (name): Promise<[string, HostKey]> => {
      const file = join(scratch, name);
      const publicKey = await generateKey(file, name);
      return [name, { publicKey, privateKey: await readFile(file, 'utf8') }];
    });
    return { authorizedKey, hosts: Object.fromEntries(await Promise.all(pairs)) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** known_hosts of what is known so far; machines get their addresses one after the other. */
export function knownHostsWriter(directory: string, { hosts }: LeaseKeys): (machine: string, address: string) => Promise<void> {
  const addresses = new Map<string, string>();
  let last = Promise.resolve();
  return (machine, address) => {
    if (addresses.get(machine) === address) return last;
    addresses.set(machine, address);
    const lines = [...addresses].map(([name, known]) => ({ address: known, publicKey: hosts[name]?.publicKey ?? '' }));
    last = last.then(() => writeKnownHosts(keyFiles(directory).knownHostsFile, lines));
    return last;
  };
}

/** A key that opens nothing any more is still a secret lying around. */
export async function removeKeys(directory: string): Promise<void> {
  const { identityFile, knownHostsFile } = keyFiles(directory);
  await Promise.all([identityFile, `${identityFile}.pub`, knownHostsFile].map((path) => rm(path, { force: true })));
}
