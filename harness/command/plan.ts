import { Command, Option } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import { loadMatrix } from '../matrix/load.ts';
import { makePlan } from '../matrix/plan.ts';
import { RELEASE_SOURCES, type ReleaseSource } from '../matrix/versions/schema.ts';
import { planTable } from '../matrix/plan-table.ts';
import { cellManifests } from '../provider/kubevirt/manifests.ts';
import { loadSite } from '../provider/kubevirt/site.ts';

interface PlanOptions {
  readonly set: readonly string[];
  readonly tier?: string;
  readonly suite?: string;
  readonly changedSince?: string;
  readonly format: 'table' | 'json' | 'gitlab' | 'manifests';
  readonly explain: boolean;
  readonly coverage: boolean;
  readonly matrix?: string;
  readonly source?: ReleaseSource;
  readonly provider: 'container' | 'kubevirt';
  readonly site: string;
}

const EXAMPLES = `
Examples:
  proofgrid plan                                          the cells of the tier smoke
  proofgrid plan --tier merge-request --explain           why each cell is in or out
  proofgrid plan --tier nightly --coverage                how many of all values and pairs its cells have
  proofgrid plan ha --set os=debian-13 --format json      one cell, for a program
  proofgrid plan --set kubernetes=1.36                    the newest patch of a minor; latest is the newest of all
  proofgrid plan --set kubernetes=1.34.9 --set etcd=3.5   a release that the versions file does not list
  proofgrid plan ha --provider kubevirt --site multus --format manifests   every object that a cell will create`;

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
    .addOption(new Option('--provider <PROVIDER>', 'where the machines would come from').choices(['container', 'kubevirt']).default('container'))
    .addOption(new Option('--site <SITE>', 'with --provider kubevirt: a shipped site, or the file of one').env('PROOFGRID_SITE').default('default'))
    .addOption(new Option('--source <SOURCE>', "where releases would come from (default: the versions file's)").choices(RELEASE_SOURCES))
    .option('--matrix <FILE>', 'another matrix file than the shipped one')
    .addHelpText('after', EXAMPLES);
  return command.action(async (names: string[], options: PlanOptions) => {
    refuseUnavailable(options);
    const { set, tier, suite, explain, coverage } = options;
    const matrix = await loadMatrix(options.matrix, options.source);
    const wish = { names, set, ...(tier !== undefined && { tier }), ...(suite !== undefined && { suites: [suite] }) };
    const plan = makePlan(matrix, wish, { explain, coverage });
    const { writeOut, writeErr } = command.configureOutput();
    if (options.format === 'manifests') {
      const { manifests, warnings } = cellManifests(plan.cells, await loadSite(options.site));
      for (const warning of warnings) writeErr?.(`${warning}\n`);
      writeOut?.(manifests);
      return;
    }
    writeOut?.(options.format === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : planTable(plan));
  });
}

function refuseUnavailable({ format, provider, changedSince }: PlanOptions): void {
  if (format === 'gitlab') throw unavailable('--format gitlab', 'GitLab child pipelines are a later issue', 'use --format json');
  if (format === 'manifests' && provider !== 'kubevirt') {
    throw new ProofgridError({ code: 'PLAN_WITHOUT_MANIFESTS', fault: 'usage', what: `the provider ${provider} makes its machines of no manifests`, remedy: 'add --provider kubevirt' });
  }
  if (changedSince !== undefined) throw unavailable('--changed-since', 'nothing maps changed files to cells yet', 'name a tier instead');
}

function unavailable(option: string, why: string, remedy: string): ProofgridError {
  return new ProofgridError({ code: 'PLAN_NOT_AVAILABLE', fault: 'usage', what: `${option} is not available yet: ${why}`, remedy });
}
