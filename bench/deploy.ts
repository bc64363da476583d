import { Command, InvalidArgumentError } from 'commander';
import { closeSshMasters } from '../harness/machine/ssh.ts';
import { baseline } from './baseline.ts';
import { deployCell } from './cell.ts';
import { resultOf, resultTable } from './result.ts';
import type { Result } from './result.ts';
import { positive } from './rounds.ts';
import { cellSubject, LIMITS } from './subject.ts';
import type { Round, Subject } from './subject.ts';
import type { DeployTimes } from './time-log.ts';
import { timeTable } from './time-table.ts';
import { defaultCell, warmArtifacts } from './workplace.ts';

interface Options {
  readonly rounds: number;
  readonly json: boolean;
  readonly only: string[];
  readonly addOns: boolean;
}

type Topology = keyof typeof LIMITS;

/** Every subject in turn, round after round, so that a machine that slows down slows all of them. */
async function measure(subjects: readonly Subject[], rounds: number, signal: AbortSignal, log: (line: string) => void): Promise<Measured[]> {
  const measured = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const result = await subject.round(signal);
      measured.get(subject)?.push(result);
      log(`round ${round} of ${rounds}: ${subject.name} ${result.seconds.toFixed(1)} s`);
    }
  }
  const [reference] = subjects;
  if (reference === undefined) throw new Error('nothing to measure');
  const { median: seconds } = resultOf(reference, measured.get(reference) ?? [], 1);
  return subjects.map((subject) => {
    const done = measured.get(subject) ?? [];
    return { result: resultOf(subject, done, seconds), times: done.flatMap(({ times }) => times ?? []) };
  });
}

interface Measured {
  readonly result: Result;
  /** Of every round of one of our deploys. */
  readonly times: readonly DeployTimes[];
}

function tables(measured: readonly Measured[]): string {
  const ours = measured.filter(({ times }) => times.length > 0);
  return [resultTable(measured.map(({ result }) => result)), ...ours.map(({ result, times }) => timeTable(result.name, times))].join('\n\n');
}

async function main({ rounds, json, only, addOns }: Options): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const subjects = [baseline, ...only.map((topology) => cellSubject(topology as Topology, deployCell({ addOns })))];
  const log = (line: string) => process.stderr.write(`${line}\n`);
  try {
    await warmArtifacts(await Promise.all(['all-in-one', ...only].map(defaultCell)), stop.signal, log);
    const measured = await measure(subjects, rounds, stop.signal, log);
    const results = measured.map(({ result, times }) => ({ ...result, times }));
    process.stdout.write(`${json ? JSON.stringify({ rounds, results }, null, 2) : tables(measured)}\n`);
    process.exitCode = results.every(({ withinLimit }) => withinLimit) ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await closeSshMasters();
  }
}

function topologies(value: string): string[] {
  const names = value.split(',');
  if (names.every((name) => name in LIMITS)) return names;
  throw new InvalidArgumentError(`some of ${Object.keys(LIMITS).join(', ')}, with commas between them`);
}

await new Command('bench:deploy')
  .description('measures our deploy against a plain shell script, in turn on this machine; exit code 1 when a limit is passed')
  .option('--rounds <N>', 'rounds; medians are reported', positive, 3)
  .option('--only <TOPOLOGIES>', 'some of all-in-one,small,ha', topologies, Object.keys(LIMITS))
  .option('--add-ons', 'with every add-on of the default cells, which the script does not deploy', false)
  .option('--json', 'JSON instead of a table', false)
  .action(main)
  .parseAsync();
