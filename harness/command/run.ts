import path from 'node:path';
import { Command, Option } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Keep } from '../cell/cell-run.ts';
import { interruptible } from '../cell/interruption.ts';
import { startRun } from '../cell/start.ts';
import { TIERS, type Tier } from '../matrix/schema.ts';
import { RELEASE_SOURCES, type ReleaseSource } from '../matrix/versions/schema.ts';
import { PROVIDERS, type ProviderName } from '../provider/provider-of.ts';

interface RunOptions {
  readonly set: string[];
  readonly tier?: Tier;
  readonly suite?: string;
  readonly provider: ProviderName;
  readonly site?: string;
  readonly runDir?: string;
  readonly keep: Keep;
  readonly resume?: string;
  readonly matrix?: string;
  readonly source?: ReleaseSource;
}

const EXAMPLES = `
Examples:
  proofgrid run all-in-one                                   one machine, every suite of its tier
  proofgrid run small --set os=debian-13 --set runtime=docker
  proofgrid run small --set kubernetes=1.36 --set network=flannel-vxlan
  proofgrid run all-in-one --source upstream                 download releases instead of building them
  proofgrid run ha --suite lifecycle,e2e --keep failed       leave the machines when something fails
  proofgrid run --tier smoke --run-dir proofgrid-runs/mr
  proofgrid run small --provider kubevirt --site sites/lab.yaml
  proofgrid run --resume proofgrid-runs/mr                   only what has not passed yet

Exit codes: 0 all passed · 1 failed · 2 bad input, nothing started · 3 infrastructure, safe to retry
            4 timed out · 5 leaked resources · 130 interrupted`;

export function runCommand(): Command {
  return new Command('run')
    .description('runs cells: machines, playbooks, checks, reports')
    .argument('[CELL...]', "a cell's slug, or a topology's name with the default on every other axis")
    .option('--set <AXIS=VALUE>', 'choose another value on an axis (repeatable)', (value: string, all: string[]) => [...all, value], [])
    .addOption(new Option('--tier <TIER>', 'all cells of a tier').choices(TIERS))
    .option('--suite <SUITES>', 'only these suites, comma-separated: lint, lifecycle, e2e')
    .addOption(new Option('--provider <PROVIDER>', 'where machines come from').choices(PROVIDERS).default('container'))
    .option('--site <SITE>', 'with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .option('--run-dir <DIR>', 'where the run is written (default: proofgrid-runs/<run>)')
    .addOption(new Option('--keep <WHEN>', 'leave the machines at the end').choices(['never', 'failed', 'always']).default('never'))
    .option('--resume <DIR>', 'continue the run of this directory: only what has not passed')
    .addOption(new Option('--source <SOURCE>', "where releases come from (default: the versions file's)").choices(RELEASE_SOURCES))
    .option('--matrix <FILE>', 'another matrix file than the shipped one')
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[], options: RunOptions) => {
      if (options.resume !== undefined) refuseWishes(names, options);
      process.exitCode = await interruptible(
        (signal) =>
          startRun({
            names,
            set: options.set,
            keep: options.keep,
            signal,
            argv: process.argv.slice(2),
            provider: options.provider,
            ...(options.site === undefined ? {} : { site: options.site }),
            ...(options.tier === undefined ? {} : { tier: options.tier }),
            ...(options.suite === undefined ? {} : { suites: options.suite.split(',') }),
            ...(options.runDir === undefined ? {} : { directory: path.resolve(options.runDir) }),
            ...(options.resume === undefined ? {} : { resume: path.resolve(options.resume) }),
            ...(options.matrix === undefined ? {} : { matrix: options.matrix }),
            ...(options.source === undefined ? {} : { source: options.source }),
          }),
        (message) => process.stderr.write(`proofgrid: ${message}\n`),
      );
    });
}

/** What a resumed run has is in its journal; a wish beside it would be dropped without a word. */
function refuseWishes(names: readonly string[], { runDir, set, tier, suite, source }: RunOptions): void {
  const wishes = { CELL: names[0], '--set': set[0], '--tier': tier, '--suite': suite, '--source': source, '--run-dir': runDir };
  const [wish] = Object.entries(wishes).find(([, value]) => value !== undefined) ?? [];
  if (wish === undefined) return;
  throw new ProofgridError({
    code: 'RUN_OPTIONS_CONFLICT',
    fault: 'usage',
    what: `--resume goes on with what its run has, and ${wish} asks for something else`,
    remedy: 'drop one of them',
  });
}
