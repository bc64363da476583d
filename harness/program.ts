import { Command } from 'commander';
import { checkCommand } from './command/check.ts';
import { completionCommand } from './command/completion.ts';
import { applyDefaults } from './command/defaults.ts';
import { doctorCommand } from './command/doctor.ts';
import { lintCommand } from './command/lint.ts';
import { logsCommand } from './command/logs.ts';
import { planCommand } from './command/plan.ts';
import { psCommand } from './command/ps.ts';
import { reapCommand } from './command/reap.ts';
import { reportCommand } from './command/report.ts';
import { runCommand } from './command/run.ts';
import { schemaCommand } from './command/schema.ts';
import { shellCommand } from './command/shell.ts';
import { versionsCommand } from './command/versions.ts';
import { proofgridVersion } from './version.ts';

const COMMANDS = [planCommand, runCommand, checkCommand, lintCommand, reportCommand, psCommand, logsCommand, shellCommand, reapCommand, versionsCommand, doctorCommand, schemaCommand, completionCommand];

/** The program with all its commands; defaults come from the configuration file. */
export function createProgram(): Command {
  const program = new Command('proofgrid')
    .description('Proves that Kubernetes lifecycle automation works on every combination that matters')
    .version(proofgridVersion())
    .showHelpAfterError('(see --help)')
    .enablePositionalOptions()
    .hook('preAction', (whole, command) => applyDefaults(whole, command, (message) => process.stderr.write(`proofgrid: ${message}\n`)));
  for (const make of COMMANDS) program.addCommand(make());
  return program;
}
