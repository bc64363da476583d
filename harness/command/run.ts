import path from 'node:path';
import { Command, Option } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Keep } from '../cell/cell-run.ts';
import { checkPattern } from '../cell/check-pattern.ts';
import { interruptible } from '../cell/interruption.ts';
import { startRun } from '../cell/start.ts';
import { TIERS, type Tier } from '../matrix/schema.ts';
import { RELEASE_SOURCES, type ReleaseSource } from '../matrix/versions/schema.ts';
import type { ReporterChoice } from '../report/reporter.ts';
import { configuredWords } from './defaults.ts';
import { countOption, durationOption } from './option-value.ts';
import { repeated } from './repeat.ts';
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
  readonly jobs?: number;
  readonly failFast: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly dryRun: boolean;
  readonly checks?: string;
  readonly repeat: number;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly reporter: 'console' | 'json';
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
  proofgrid run --tier nightly --dry-run                     which cells, in which order, for about how long
  proofgrid run --tier nightly --jobs 2 --fail-fast          two cells at once, and no further one after a failure
  proofgrid run small --timeout 1h30m                        ends the run, and removes its machines, after that
  proofgrid run small --suite lifecycle,e2e -k dns,pod-to-*  only these checks
  proofgrid run all-in-one --repeat 5 -q                     five runs, of which only failures are shown
  proofgrid run all-in-one -v                                every case and every message of progress
  proofgrid run all-in-one --reporter json | jq -r .type     the journal's lines, for programs

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
    .addOption(new Option('-j, --jobs <N>', 'cells at once, at most (default: what fits)').argParser(countOption))
    .option('--fail-fast', 'start no further cell, and no further repetition, once one went wrong', false)
    .addOption(new Option('--timeout <DURATION>', 'limit of the whole run, such as 45m or 1h30m; exit code 4').argParser(durationOption))
    .option('--dry-run', 'say what would run and for about how long; start nothing', false)
    .option('-k, --checks <PATTERN>', 'of the suite e2e only checks whose name has this; commas part several, * is any text')
    .addOption(new Option('--repeat <N>', 'run it N times, one after the other').argParser(countOption).default(1))
    .addOption(new Option('-q, --quiet', 'only what went wrong, and the summary').default(false).conflicts('verbose'))
    .addOption(new Option('-v, --verbose', 'every case and every message of progress, line by line').default(false))
    .addOption(new Option('--reporter <NAME>', 'what is printed: for people, or the lines of the journal').choices(['console', 'json']).default('console'))
    .option('--matrix <FILE>', 'another matrix file than the shipped one')
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[], options: RunOptions, command: Command) => {
      refuseConflicts(names, options, (name) => command.getOptionValueSource(name) === 'cli');
      const say = (message: string) => process.stderr.write(`proofgrid: ${message}\n`);
      process.exitCode = await interruptible(
        (signal) => {
          const run = (directory = options.runDir) => startRun({
            names,
            set: options.set,
            keep: options.keep,
            signal,
            argv: [...process.argv.slice(2), ...configuredWords(command)],
            provider: options.provider,
            ...(options.site === undefined ? {} : { site: options.site }),
            ...(options.tier === undefined ? {} : { tier: options.tier }),
            ...(options.suite === undefined ? {} : { suites: options.suite.split(',') }),
            ...(directory === undefined ? {} : { directory: path.resolve(directory) }),
            ...(options.resume === undefined ? {} : { resume: path.resolve(options.resume) }),
            ...(options.matrix === undefined ? {} : { matrix: options.matrix }),
            ...(options.source === undefined ? {} : { source: options.source }),
            ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
            ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
            ...(options.checks === undefined || options.resume !== undefined ? {} : { checks: checkPattern(options.checks) }),
            failFast: options.failFast,
            dryRun: options.dryRun,
            reporter: reporterChoice(options),
          });
          if (options.repeat === 1 || options.dryRun || options.resume !== undefined) return run();
          return repeated({ times: options.repeat, directory: options.runDir, failFast: options.failFast, signal, say }, run);
        },
        say,
      );
    });
}

function reporterChoice({ reporter, quiet, verbose }: RunOptions): ReporterChoice {
  if (reporter === 'json') return { type: 'json' };
  return { type: 'console', verbosity: quiet ? 'quiet' : verbose ? 'verbose' : 'normal' };
}

/** What a resumed run has is in its journal; a wish beside it would be dropped without a word. Defaults of a file are no wishes. */
function refuseConflicts(names: readonly string[], options: RunOptions, said: (name: string) => boolean): void {
  const wish = (flags: Readonly<Record<string, string>>) => Object.entries(flags).find(([name]) => said(name))?.[1];
  const [cell] = names;
  const beside = cell ?? wish({ set: '--set', tier: '--tier', suite: '--suite', source: '--source', runDir: '--run-dir', checks: '-k', repeat: '--repeat' });
  if (options.resume !== undefined && beside !== undefined) throw conflict(`--resume goes on with what its run has, and ${cell === undefined ? beside : 'CELL'} asks for something else`);
  const loud = wish({ quiet: '-q', verbose: '-v' });
  if (options.reporter === 'json' && said('reporter') && loud !== undefined) throw conflict(`--reporter json prints every line of the journal, and ${loud} is about the console`);
}

function conflict(what: string): ProofgridError {
  return new ProofgridError({ code: 'RUN_OPTIONS_CONFLICT', fault: 'usage', what, remedy: 'drop one of them' });
}
