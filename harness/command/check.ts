import path from 'node:path';
import { Command } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import { interruptible } from '../cell/interruption.ts';
import type { CheckRequest } from '../existing/start-check.ts';
import { configuredWords } from './defaults.ts';

interface CheckOptions {
  readonly kubeconfig?: string;
  readonly inventory?: string;
  readonly cluster?: string;
  readonly cell?: string;
  readonly site?: string;
  readonly runDir?: string;
  readonly testImage?: string;
  readonly disruptive: boolean;
}

const EXAMPLES = `
Examples:
  proofgrid check proofgrid-runs/20261123-101500-a1b2c3      the cells of a run that was started with --keep always
  proofgrid check --kubeconfig ~/.kube/config                any cluster, as far as its API tells
  proofgrid check --kubeconfig admin.conf --inventory inventory.yaml --cluster cluster.yaml
      the same with logins on its machines, compared with its document

Checks that need a document, a login or leave to disturb are skipped with that reason. Namespaces and pods that a check
creates are named first and removed at the end; nothing else of the cluster is changed.

Exit codes: 0 all passed · 1 failed · 2 bad input, nothing created · 3 infrastructure, safe to retry
            4 timed out · 130 interrupted`;

export function checkCommand(): Command {
  return new Command('check')
    .description('runs the checks on a cluster that exists, ours or not')
    .argument('[RUN-DIR]', 'run whose kept cells are checked')
    .option('--kubeconfig <FILE>', 'cluster-admin of another cluster')
    .option('--inventory <FILE>', "how to log in on that cluster's machines: an Ansible inventory in YAML")
    .option('--cluster <FILE>', 'the ClusterDeployment that it should be like')
    .option('--cell <CELL>', 'only this cell of the run')
    .option('--site <SITE>', 'of a run with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .option('--run-dir <DIR>', 'where journal and reports are written (default: proofgrid-runs/<run>)')
    .option('--test-image <IMAGE>', 'agnhost that nodes may pull (default: one that all of them have)')
    .option('--disruptive', 'run checks, too, that cut power, or stop and restart what others may be using', false)
    .addHelpText('after', EXAMPLES)
    .action(async (runDirectory: string | undefined, options: CheckOptions, command: Command) => {
      const target = targetOf(runDirectory, options);
      const { startCheck } = await import('../existing/start-check.ts');
      const { cell, site, runDir, testImage, disruptive } = options;
      process.exitCode = await interruptible(
        async (signal) =>
          startCheck({
            ...target,
            ...{ disruptive, signal, argv: [...process.argv.slice(2), ...configuredWords(command)] },
            ...(cell === undefined ? {} : { cell }),
            ...(site === undefined ? {} : { site }),
            ...(testImage === undefined ? {} : { testImage }),
            ...(runDir === undefined ? {} : { directory: path.resolve(runDir) }),
          }),
        (message) => process.stderr.write(`proofgrid: ${message}\n`),
        { ending: 'removing what the checks created', left: 'namespaces that start with proofgrid-e2e may remain; the next check removes them' },
      );
    });
}

function targetOf(runDirectory: string | undefined, { kubeconfig, inventory, cluster, cell, site }: CheckOptions): Pick<CheckRequest, 'runDirectory' | 'existing'> {
  const beside = { '--inventory': inventory, '--cluster': cluster };
  if (runDirectory !== undefined) {
    refuse({ '--kubeconfig': kubeconfig, ...beside }, 'a run has its own kubeconfig, inventory and document');
    return { runDirectory: path.resolve(runDirectory) };
  }
  if (kubeconfig === undefined) throw conflict('neither a run nor a kubeconfig is named', 'name RUN-DIR, or --kubeconfig FILE');
  refuse({ '--cell': cell, '--site': site }, 'only runs have cells and sites');
  return { existing: { kubeconfig, ...(inventory === undefined ? {} : { inventory }), ...(cluster === undefined ? {} : { cluster }) } };
}

function refuse(options: Readonly<Record<string, string | undefined>>, why: string): void {
  const [name] = Object.entries(options).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw conflict(`${name} goes with none of this: ${why}`, 'drop one of them');
}

function conflict(what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code: 'CHECK_OPTIONS_CONFLICT', fault: 'usage', what, remedy });
}
