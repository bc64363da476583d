import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { ProofgridError } from '../../lifecycle/error.ts';
import { notARun } from '../cell/kept-leases.ts';
import { readJournal } from '../journal/read.ts';
import type { RunRecord } from '../journal/record.ts';
import { replay } from '../journal/replay.ts';
import { caseText } from '../report/case-text.ts';
import { visible } from '../report/visible.ts';
import { filesBelow, readLog } from './log-file.ts';

const EXAMPLES = `
Examples:
  proofgrid logs RUN-DIR                            what there is: machines, checks with a log, files
  proofgrid logs RUN-DIR control-plane-1            every log of a machine
  proofgrid logs RUN-DIR small-1a2b3c4d/worker-1    where several cells have such a machine
  proofgrid logs RUN-DIR pod-to-pod                 a check: what it expected, what it observed, its log
  proofgrid logs RUN-DIR ansible.log                a file, by its name

Logs are printed as they were gathered, without control sequences; of a file over 4 MiB, its end.`;

export function logsCommand(): Command {
  return new Command('logs')
    .description('prints the logs of a run: of a machine, a check, or what there is')
    .argument('<RUN-DIR>', 'run directory')
    .argument('[NAME]', "a machine, a check, or a file's name; <cell>/<name> for one cell's alone")
    .addHelpText('after', EXAMPLES)
    .action((runDirectory: string, name: string | undefined, _options: object, command: Command) => {
      const journal = path.join(runDirectory, 'journal.jsonl');
      if (!existsSync(journal)) throw notARun(runDirectory);
      const { lines, torn } = readJournal(journal);
      const record = replay(lines, { torn });
      const { writeOut } = command.configureOutput();
      writeOut?.(name === undefined ? contents(record) : logsOf(record, runDirectory, name));
    });
}

interface Check {
  readonly cell: string;
  readonly name: string;
  readonly text: string;
  readonly evidence: string | undefined;
}

function checksOf({ cells }: RunRecord): Check[] {
  return cells.flatMap(({ cell, phases }) =>
    phases.flatMap(({ suite, phase, cases }) =>
      cases.map((each): Check => ({ cell, name: each.name, text: `${cell} ${suite}.${phase} ${each.name}: ${each.verdict}\n${caseText(each)}\n`, evidence: each.evidence })),
    ),
  );
}

function contents(record: RunRecord): string {
  const checks = checksOf(record);
  const parts = record.cells.map(({ cell, leases, evidence }) => {
    const machines = [...new Set(leases.flatMap(({ machines }) => machines.map(({ name }) => name)))];
    const named = checks.filter((each) => each.cell === cell && each.evidence !== undefined).map(({ name }) => name);
    const files = evidence.map((each) => each.path);
    return [cell, ...section('machines', machines), ...section('checks with a log', named), ...section('files', files)].join('\n');
  });
  return `${parts.map(visible).join('\n\n')}\n`;
}

function section(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`  ${title}`, ...names.map((name) => `    ${name}`)];
}

function logsOf(record: RunRecord, runDirectory: string, name: string): string {
  const is = (cell: string, candidate: string) => candidate === name || `${cell}/${candidate}` === name;
  const checks = checksOf(record).filter((check) => is(check.cell, check.name));
  const files = record.cells.flatMap(({ cell, leases, evidence }) => {
    const machines = new Set(leases.flatMap(({ machines }) => machines.map((machine) => machine.name)).filter((machine) => is(cell, machine)));
    return evidence.filter((each) => is(cell, path.posix.basename(each.path)) || each.path === name || each.path.split('/').some((part) => machines.has(part))).map((each) => each.path);
  });
  const wanted = [...new Set([...checks.flatMap(({ evidence }) => evidence ?? []), ...files])];
  if (checks.length + wanted.length === 0) throw unknown(name, runDirectory);
  const logs = wanted.flatMap((each) => filesBelow(runDirectory, each)).map((each) => `==> ${visible(each)} <==\n${readLog(path.join(runDirectory, each))}`);
  return [...checks.map(({ text }) => visible(text)), ...logs].join('\n');
}

function unknown(name: string, runDirectory: string): ProofgridError {
  return new ProofgridError({ code: 'LOGS_NAME_UNKNOWN', fault: 'usage', what: `the run has no machine, check or log called ${name}`, remedy: `proofgrid logs ${runDirectory} lists what there is` });
}
