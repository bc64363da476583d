import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerState, pidNamespace, processOwner } from '../../harness/provider/owner.ts';
import type { Owner } from '../../harness/provider/contract.ts';

const OWNER = 'owner.json';
/** Milliseconds after which a directory counts as left even though nobody wrote into it whose it is. */
const NAMELESS = 86_400_000;

/** A new directory of this process under the system's temporary one; those whose process was killed go first. */
export async function ownedDirectory(prefix: string): Promise<string> {
  await removeLeft(prefix);
  const directory = await mkdtemp(join(tmpdir(), prefix));
  await writeFile(join(directory, OWNER), JSON.stringify({ ...processOwner('test'), pidNamespace: pidNamespace() }));
  return directory;
}

async function removeLeft(prefix: string): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  for (const directory of names.map((name) => join(tmpdir(), name))) {
    if (await isLeft(directory)) await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function isLeft(directory: string): Promise<boolean> {
  try {
    const { pidNamespace: namespace, ...owner } = JSON.parse(await readFile(join(directory, OWNER), 'utf8')) as Owner & { pidNamespace: string };
    return ownerState(owner, namespace) === 'dead';
  } catch {
    // between the making of the directory and its owner's note, or half a note
    const facts = await stat(directory).catch(() => undefined);
    return facts !== undefined && Date.now() - facts.mtimeMs > NAMELESS;
  }
}
