import { Command } from 'commander';
import { counts } from '../report/counts.ts';
import { writeReports } from '../report/write.ts';

const EXAMPLES = `
Examples:
  $ proofgrid report runs/2026-11-23T09-08-12
  $ proofgrid report runs/2026-11-23T09-08-12 --junit /tmp/junit.xml

A file that is there already is replaced only if it is an earlier report or empty.
The exit code is the run's: 0 only when the journal is whole and says that everything passed.`;

export function reportCommand(): Command {
  return new Command('report')
    .description('Rebuild junit.xml and report.html from the journal of a run, even one that was cut short')
    .argument('<run-dir>', 'directory of a run, the one with journal.jsonl in it')
    .option('--junit <file>', 'where to write the JUnit XML (default: junit.xml in the run directory)')
    .option('--html <file>', 'where to write the HTML page (default: report.html in the run directory)')
    .addHelpText('after', EXAMPLES)
    .action((runDirectory: string, options: { junit?: string; html?: string }) => {
      const { record, junit, html } = writeReports(runDirectory, options);
      const reason = record.reason === undefined ? '' : ` (${record.reason})`;
      process.stdout.write(`${record.verdict}: ${counts(record)}${reason}\nJUnit   ${junit}\nreport  ${html}\n`);
      process.exitCode = record.exitCode;
    });
}
