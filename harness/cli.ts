import { Command } from 'commander';
import { runCommandLine } from '../lifecycle/command-line.ts';
import { checkCommand } from './command/check.ts';
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

const program = new Command('proofgrid')
  .description('Proves that Kubernetes lifecycle automation works on every combination that matters')
  .version(proofgridVersion())
  .showHelpAfterError('(see --help)')
  .enablePositionalOptions();

const commands = [planCommand, runCommand, checkCommand, lintCommand, reportCommand, psCommand, logsCommand, shellCommand, reapCommand, versionsCommand, doctorCommand, schemaCommand];
for (const make of commands) program.addCommand(make());

await runCommandLine(program);
