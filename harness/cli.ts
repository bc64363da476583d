import { Command, CommanderError } from 'commander';
import { ProofgridError } from '../lifecycle/error.ts';
import { exitCodeOfFault } from './exit-code.ts';
import { doctorCommand } from './command/doctor.ts';
import { lintCommand } from './command/lint.ts';
import { planCommand } from './command/plan.ts';
import { reapCommand } from './command/reap.ts';
import { reportCommand } from './command/report.ts';
import { runCommand } from './command/run.ts';
import { schemaCommand } from './command/schema.ts';
import { shellCommand } from './command/shell.ts';
import { proofgridVersion } from './version.ts';

const program = new Command('proofgrid')
  .description('Proves that Kubernetes lifecycle automation works on every combination that matters')
  .version(proofgridVersion())
  .showHelpAfterError('(see --help)')
  .enablePositionalOptions();

const commands = [planCommand, runCommand, lintCommand, reportCommand, shellCommand, reapCommand, doctorCommand, schemaCommand];
for (const make of commands) program.addCommand(make().exitOverride());
program.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

function explain(error: unknown): number {
  // commander has printed its own message; asking for help or the version is no error
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ProofgridError) {
    process.stderr.write(`proofgrid: ${error.message}\n`);
    return exitCodeOfFault(error.fault);
  }
  process.stderr.write(`proofgrid: this is a bug, please report it\n${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
