import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ansibleEnvironment } from '../../../lifecycle/environment.ts';

/** Runs `work` with the environment that the lifecycle runner gives ansible, in a temporary home of its own. */
export async function withAnsibleEnvironment<T>(root: string, work: (env: Record<string, string>) => Promise<T>): Promise<T> {
  const privateDirectory = await mkdtemp(path.join(tmpdir(), 'lint-'));
  try {
    const playbooksDirectory = path.join(root, 'playbooks');
    return await work(ansibleEnvironment(process.env, { playbooksDirectory, privateDirectory, strategy: { name: 'linear' } }));
  } finally {
    await rm(privateDirectory, { recursive: true, force: true });
  }
}

/** `playbooks/<name>.yml`: what the lifecycle runner can start. */
export function isEntryPoint(name: string): boolean {
  return /^playbooks\/[^/]+\.yml$/.test(name);
}
