import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { readJournal } from '../harness/journal/read.ts';
import { shareOf, type RunShare } from './run-share.ts';
import { defaultCell, warmArtifacts } from './workplace.ts';

/** Part of a run that may be spent outside of its machines, Ansible, Kubernetes and the evidence. */
const LIMIT = 0.03;
const CLI = path.join(import.meta.dirname, '..', '..', 'bin', 'proofgrid.js');

async function main(topologies: string[]): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  await warmArtifacts(await Promise.all(topologies.map(defaultCell)), stop.signal, (line) => process.stderr.write(`${line}\n`));
  let within = true;
  for (const topology of topologies) {
    const share = await runOnce(topology, stop.signal);
    within &&= share.proofgrid / share.total <= LIMIT;
    process.stdout.write(`${topology}: ${describe(share)}\n`);
  }
  process.exitCode = within ? 0 : 1;
}

/** The whole command as a user types it, Node's start included. */
async function runOnce(topology: string, cancelSignal: AbortSignal): Promise<RunShare> {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-bench-'));
  try {
    const started = performance.now();
    await execa(process.execPath, [CLI, 'run', topology, '--run-dir', path.join(directory, 'run')], { stdout: 'ignore', stderr: 'inherit', cancelSignal, forceKillAfterDelay: false });
    const total = performance.now() - started;
    return shareOf(readJournal(path.join(directory, 'run', 'journal.jsonl')).lines, total);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function describe({ total, ...parts }: RunShare): string {
  const shares = Object.entries(parts).map(([part, time]) => `${part} ${(time / 1000).toFixed(1)} s (${((time / total) * 100).toFixed(1)} %)`);
  return `${(total / 1000).toFixed(1)} s: ${shares.join(', ')}; limit of proofgrid's own ${LIMIT * 100} %`;
}

await new Command('bench:run')
  .description('where the time of whole runs goes; exit code 1 when more than 3 % of one is our own')
  .argument('[TOPOLOGY...]', 'which runs', ['all-in-one', 'small'])
  .action(main)
  .parseAsync();
