import { Command, Option } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import { loadMatrix } from '../matrix/load.ts';
import { makePlan } from '../matrix/plan.ts';
import { planTable } from '../matrix/plan-table.ts';

interface PlanOptions {
  readonly set: readonly string[];
  readonly tier?: string;
  readonly suite?: string;
  readonly changedSince?: string;
  readonly format: 'table' | 'json' | 'gitlab' | 'manifests';
  readonly explain: boolean;
  readonly coverage: boolean;
  readonly matrix?: string;
}

const EXAMPLES = `
Examples:
  proofgrid plan                                          the cells of the tier smoke
  proofgrid plan --tier merge-request --explain           why each cell is in or out
  proofgrid plan --tier nightly --coverage                how many of all values and pairs its cells have
  proofgrid plan ha --set os=debian-13 --format json      one cell, for a program
  proofgrid plan --set kubernetes=1.34.1 --set etcd=3.5   versions that the matrix does not list, from upstream`;

export function planCommand(): Command {
  const command = new Command('plan')
    .description('says which cells a run would have, and starts nothing')
    .argument('[CELL...]', "a cell's slug, or a topology's name with the default on every other axis")
    .option('--set <AXIS=VALUE>', 'choose another value on an axis (repeatable)', (value: string, all: string[]) => [...all, value], [])
    .option('--tier <TIER>', 'all cells of a tier: smoke, merge-request, nightly, release')
    .option('--suite <SUITES>', 'only these suites, comma-separated: lint, lifecycle, e2e')
    .option('--changed-since <REF>', 'only what the changes since a git revision can affect (not available yet)')
    .addOption(new Option('--format <FORMAT>', 'how to print it').choices(['table', 'json', 'gitlab', 'manifests']).default('table'))
    .option('--explain', 'say why each cell is in or out', false)
    .option('--coverage', 'say how many values and pairs of values the cells have', false)
    .option('--matrix <FILE>', 'another matrix file than the shipped one')
    .addHelpText('after', EXAMPLES);
  return command.action(async (names: string[], options: PlanOptions) => {
    refuseUnavailable(options);
    const { set, tier, suite, explain, coverage } = options;
    const matrix = await loadMatrix(options.matrix);
    const wish = { names, set, ...(tier !== undefined && { tier }), ...(suite !== undefined && { suites: [suite] }) };
    const plan = makePlan(matrix, wish, { explain, coverage });
    command.configureOutput().writeOut?.(options.format === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : planTable(plan));
  });
}

function refuseUnavailable({ format, changedSince }: PlanOptions): void {
  if (format === 'gitlab') throw unavailable('--format gitlab', 'GitLab child pipelines are a later issue', 'use --format json');
  if (format === 'manifests') throw unavailable('--format manifests', 'machine manifests come with the KubeVirt provider', 'use --format json');
  if (changedSince !== undefined) throw unavailable('--changed-since', 'nothing maps changed files to cells yet', 'name a tier instead');
}

function unavailable(option: string, why: string, remedy: string): ProofgridError {
  return new ProofgridError({ code: 'PLAN_NOT_AVAILABLE', fault: 'usage', what: `${option} is not available yet: ${why}`, remedy });
}
