import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { execa } from 'execa';
import { waitFor } from '../harness/provider/wait.ts';
import { packageRoot } from '../lifecycle/root.ts';
import { MACHINES_PER_CELL, prepareLoad, startCluster, type Cluster, type Load } from './kubevirt-load.ts';
import { requestsBetween, total } from './requests.ts';

/** The limits that the project has set itself: bytes, and requests for each machine in a minute of steady state. */
const LIMITS = { memory: 400e6, requests: 5 } as const;
/** Milliseconds until every machine is ready: many times what it takes. */
const READY_LIMIT = 15 * 60_000;
/** Milliseconds from then on until the last request of the acquisitions is over. */
const SETTLE = 2000;

interface Options {
  readonly cells: number;
  readonly seconds: number;
}

interface Measured {
  readonly readySeconds: number;
  /** Bytes of the harness, from its start to its end. */
  readonly memory: number;
  readonly acquisition: ReadonlyMap<string, number>;
  readonly steady: ReadonlyMap<string, number>;
}

/** Runs `proofgrid run` for all cells at once, looks at it for a while when all are deploying, and lets it end. */
async function measure(directory: string, cluster: Cluster, load: Load, seconds: number, cancelSignal: AbortSignal): Promise<Measured> {
  const [runDirectory, peak] = [path.join(directory, 'run'), path.join(directory, 'peak')];
  const begun = new Date();
  const words = ['run', ...load.cells, '--provider', 'kubevirt', '--site', load.site, '--matrix', load.matrix, '--run-dir', runDirectory];
  const env = { KUBECONFIG: cluster.kubeconfig, PATH: `${load.bin}:${process.env['PATH'] ?? ''}` };
  const harness = execa(process.execPath, ['--import', peakReporter(peak), path.join(packageRoot, 'bin', 'proofgrid.js'), ...words], {
    ...{ env, cancelSignal, forceKillAfterDelay: false, all: true, reject: false },
  });
  let ended = false;
  const end = harness.finally(() => (ended = true));
  const leases = async () => (await readFile(path.join(runDirectory, 'journal.jsonl'), 'utf8').catch(() => '')).split('\n').filter((line) => line.includes('"type":"lease-acquired"'));
  await waitFor({ name: 'every cell has its machines', limitMs: READY_LIMIT, intervalMs: 500, signal: cancelSignal }, async () => (ended || (await leases()).length === load.cells.length ? true : undefined));
  const ready = new Date();
  if (!ended) await delay(SETTLE + seconds * 1000, undefined, { signal: cancelSignal });
  await load.finish();
  const { exitCode, all } = await end;
  if (exitCode !== 0) throw new Error(`the run did not pass (exit code ${exitCode}):\n${all.slice(-3000)}`);
  const log = await readFile(cluster.auditLog, 'utf8');
  const [from, to] = [new Date(ready.getTime() + SETTLE), new Date(ready.getTime() + SETTLE + seconds * 1000)];
  return {
    readySeconds: (ready.getTime() - begun.getTime()) / 1000,
    memory: Number(await readFile(peak, 'utf8')) * 1024,
    acquisition: requestsBetween(log, cluster.user, begun, ready),
    steady: requestsBetween(log, cluster.user, from, to),
  };
}

/** Makes a process write, when it ends, the most memory that it ever had, in KiB as the kernel counts it. */
function peakReporter(file: string): string {
  const source = `import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(${JSON.stringify(file)},String(process.resourceUsage().maxRSS)))`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

async function main({ cells, seconds }: Options): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-bench-'));
  let cluster: Cluster | undefined;
  try {
    cluster = await startCluster();
    const measured = await measure(directory, cluster, await prepareLoad(directory, cells), seconds, stop.signal);
    const { lines, within } = report(measured, cells * MACHINES_PER_CELL, seconds);
    process.stdout.write(`${cells} cells of ${MACHINES_PER_CELL} machines, ready after ${measured.readySeconds.toFixed(0)} s\n${lines.join('\n')}\n`);
    process.exitCode = within ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await cluster?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function report({ memory, acquisition, steady }: Measured, machines: number, seconds: number): { lines: string[]; within: boolean } {
  const rate = total(steady) / machines / (seconds / 60);
  const kinds = (counts: ReadonlyMap<string, number>) => [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const verdict = (ok: boolean) => (ok ? 'within' : 'PASSED');
  const [light, quiet] = [memory <= LIMITS.memory, rate <= LIMITS.requests];
  return {
    within: light && quiet,
    lines: [
      `peak memory of the harness: ${(memory / 1e6).toFixed(0)} MB, limit ${LIMITS.memory / 1e6} MB: ${verdict(light)}`,
      `API requests in steady state: ${rate.toFixed(2)} per machine and minute, limit ${LIMITS.requests}: ${verdict(quiet)} (${seconds} s: ${kinds(steady)})`,
      `API requests until all were ready: ${(total(acquisition) / machines).toFixed(1)} per machine (${kinds(acquisition)})`,
    ],
  };
}

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number from 1');
  return number;
}

await new Command('bench:kubevirt')
  .description('memory and API requests of a run of many cells on KubeVirt, played by the test cluster; exit code 1 when a limit is passed')
  .option('--cells <N>', 'cells at a time', positive, 10)
  .option('--seconds <N>', 'how long requests are counted', positive, 60)
  .action(main)
  .parseAsync();
