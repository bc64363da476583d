import path from 'node:path';
import { Command } from 'commander';
import { readyContext } from '../harness/existing/ready-context.ts';
import { targetsOfRun, type CheckTarget } from '../harness/existing/target.ts';
import type { JournalEvent } from '../harness/journal/event.ts';
import { closeSshMasters } from '../harness/machine/ssh.ts';
import { E2E_PHASES, type CheckPhase } from '../harness/suite/e2e/checks.ts';
import { removeNamespaces } from '../harness/suite/e2e/namespaces.ts';
import { runE2eSuite } from '../harness/suite/e2e/run.ts';
import { median } from './result.ts';
import { positive } from './rounds.ts';

/** How many times as long as these the whole suite may take. */
const LIMIT = 1.5;
/** What the suite had when that limit was set. */
const FORMER: ReadonlySet<string> = new Set([
  'etcd-health', 'api-server-version', 'leader-leases', 'nodes-ready', 'preloaded-images-kept', 'pod-on-every-node', 'exec', 'logs', 'port-forward',
  'configmap-volume', 'secret-volume', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'host-to-pod', 'proxy-mode', 'cluster-ip', 'node-port', 'dns',
  'policy-default-deny', 'policy-allow-by-pod', 'policy-allow-by-namespace', 'policy-allow-by-port', 'policy-allow-by-cidr', 'policy-egress',
  'policy-survives-agent-restart', 'dns-names', 'dns-external-name', 'resource-metrics', 'secret-encrypted-at-rest', 'anonymous-refused',
  'unprivileged-refused', 'certificate-validity', 'certificate-names', 'dns-survives-replica', 'api-endpoint-survives', 'claim-keeps-data',
]);

interface Subject {
  readonly name: string;
  readonly phases: readonly CheckPhase[];
  readonly seconds: number[];
}

/** The suite on a cluster where nothing of it is left; what it made is removed without being measured. */
async function secondsOf(target: CheckTarget, phases: readonly CheckPhase[], signal: AbortSignal): Promise<number> {
  const { context, undo } = await readyContext({ signal }, target, () => undefined);
  const bad: string[] = [];
  const write = (event: JournalEvent) => {
    if (event.type === 'case-finished' && event.verdict !== 'passed' && event.verdict !== 'skipped') bad.push(`${event.name}: ${event.message ?? event.verdict}`);
  };
  try {
    const started = performance.now();
    await runE2eSuite({ context, journal: { write, mask: () => undefined }, cell: target.cell, phases });
    if (bad.length > 0) throw new Error(`only a healthy cluster can be measured: ${bad.join('; ')}`);
    return (performance.now() - started) / 1000;
  } finally {
    await removeNamespaces(target.context, () => undefined);
    await undo();
  }
}

async function main(runDirectory: string, { rounds }: { readonly rounds: number }): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const log = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const [target] = await targetsOfRun(path.resolve(runDirectory), { disruptive: true }, { signal: stop.signal, report: log });
    if (target === undefined) throw new Error('the run has kept no cell');
    const former = E2E_PHASES.map(({ checks, ...phase }) => ({ ...phase, checks: checks.filter(({ name }) => FORMER.has(name)) }));
    const known = former.flatMap(({ checks }) => checks).length;
    if (known !== FORMER.size) throw new Error(`${FORMER.size - known} of the former checks have another name now: correct the list`);
    const subjects: readonly Subject[] = [{ name: 'former', phases: former, seconds: [] }, { name: 'all', phases: E2E_PHASES, seconds: [] }];
    for (let round = 1; round <= rounds; round += 1) {
      for (const { name, phases, seconds } of subjects) {
        seconds.push(await secondsOf(target, phases, stop.signal));
        log(`round ${round} of ${rounds}: ${name} ${seconds.at(-1)?.toFixed(1)} s`);
      }
    }
    const [before = 0, now = 0] = subjects.map(({ seconds }) => median(seconds));
    const count = (phases: readonly CheckPhase[]) => phases.flatMap(({ checks }) => checks).length;
    process.stdout.write(`${count(former)} former checks ${before.toFixed(1)} s, all ${count(E2E_PHASES)} ${now.toFixed(1)} s: ${(now / before).toFixed(2)} times as long, limit ${LIMIT}\n`);
    process.exitCode = now / before <= LIMIT ? 0 : 1;
  } finally {
    await closeSshMasters();
  }
}

await new Command('bench:e2e')
  .description('measures the suite e2e against the checks that it once had, in turn on a kept cell; exit code 1 when the limit is passed')
  .argument('<RUN-DIR>', 'of a run with --keep always')
  .option('--rounds <N>', 'rounds; medians are compared', positive, 3)
  .action(main)
  .parseAsync();
