import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { clusterDeploymentSchema } from './cluster-deployment.ts';
import { readDocument } from './document.ts';
import { parseDuration } from './duration.ts';
import { ProofgridError } from './error.ts';
import type { LifecycleEvent, Outcome } from './event.ts';
import { OPERATIONS, STEPS, type Operation, type Step } from './operation.ts';
import { readClusterDeployment } from './read-cluster.ts';
import { packageRoot } from './root.ts';
import { lifecycleRunner } from './run-operation.ts';
import { describeEvent } from './text-events.ts';

interface RunOptions {
  readonly cluster: string;
  readonly inventory: string;
  readonly state?: string;
  readonly log?: string;
  readonly timeout: string;
  readonly check?: boolean;
  readonly clusterId?: string;
  readonly strategy?: 'linear' | 'mitogen_linear';
  readonly events: 'jsonl' | 'text';
  readonly playbooks: string;
}

const EXIT_CODES: Readonly<Record<Outcome, number>> = { passed: 0, failed: 1, errored: 3, 'timed-out': 4, aborted: 130 };

const EXAMPLES = `
Examples:
  lifecycle run deploy --cluster cluster.yaml --inventory inventory.yaml
  lifecycle run deploy --cluster cluster.yaml --inventory inventory.yaml --check    what would change
  lifecycle run etcd --cluster cluster.yaml --inventory inventory.yaml --timeout 5m  one step alone
  lifecycle run deploy ... --events jsonl | jq 'select(.type == "step-finished")'

Exit codes: 0 passed · 1 failed · 2 bad input, nothing started · 3 infrastructure, safe to retry
            4 timed out · 130 interrupted`;

export function runCommand(): Command {
  return new Command('run')
    .description('runs an operation, or one step of it, on the machines of a cluster')
    .addArgument(new Argument('<OPERATION>', 'what to do').choices([...OPERATIONS, ...STEPS]))
    .requiredOption('--cluster <FILE>', 'ClusterDeployment document')
    .requiredOption('--inventory <FILE>', 'Ansible inventory: one host per machine, and how to reach it')
    .option('--state <DIR>', "keeps the cluster's CA and keys, mode 0700 (default: <name>.state beside the cluster document)")
    .option('--log <DIR>', "ansible's log and the generated inventory (default: log in the state directory)")
    .option('--timeout <DURATION>', 'limit of the whole operation: 90s, 30m, 2h', '30m')
    .option('--check', 'say what would change, change nothing')
    .option('--cluster-id <ID>', 'reset only: id of the cluster to remove when its state directory is lost')
    .addOption(new Option('--strategy <NAME>', 'mitogen_linear is used when it is installed').choices(['linear', 'mitogen_linear']))
    .addOption(new Option('--events <FORMAT>', 'lines for a person, or one JSON object per event').choices(['text', 'jsonl']).default('text'))
    .option('--playbooks <DIR>', 'other playbooks than the shipped ones', path.join(packageRoot, 'playbooks'))
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(operation: Operation | Step, options: RunOptions): Promise<void> {
  const limitMs = parseDuration(options.timeout);
  if (options.clusterId !== undefined && operation !== 'reset') {
    throw new ProofgridError({ code: 'CLUSTER_ID_NOT_RESET', fault: 'usage', what: `--cluster-id says which cluster to remove, and ${operation} removes none`, remedy: 'leave it out' });
  }
  const cluster = await readClusterDeployment(options.cluster);
  const { locate } = await readDocument(options.cluster, clusterDeploymentSchema);
  const stateDirectory = options.state ?? path.join(path.dirname(options.cluster), `${cluster.metadata.name}.state`);
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abort);
  // Nobody reads any more (`| head`): the run is not wanted either.
  process.stdout.on('error', abort);
  const result = await lifecycleRunner({ playbooksDirectory: path.resolve(options.playbooks) })({
    operation,
    cluster,
    inventory: options.inventory,
    stateDirectory,
    logDirectory: options.log ?? path.join(stateDirectory, 'log'),
    limitMs,
    signal: controller.signal,
    check: options.check === true,
    locate,
    ...(options.clusterId !== undefined && { clusterId: options.clusterId }),
    ...(options.strategy && { strategy: options.strategy }),
    onEvent: printer(options),
  });
  if (options.events === 'text' && result.kubeconfig !== undefined) process.stdout.write(`kubeconfig: ${result.kubeconfig}\n`);
  process.exitCode = EXIT_CODES[result.outcome];
}

function printer({ events, check }: RunOptions): (event: LifecycleEvent) => void {
  if (events === 'jsonl') return (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
  return (event) => {
    const text = describeEvent(event, { changes: check === true });
    if (text !== undefined) process.stdout.write(`${text}\n`);
  };
}
