import { Command } from 'commander';
import { runCommandLine, wantedCommands } from '../lifecycle/command-line.ts';
import { proofgridVersion } from './version.ts';

const program = new Command('proofgrid')
  .description('Proves that Kubernetes lifecycle automation works on every combination that matters')
  .version(proofgridVersion())
  .showHelpAfterError('(see --help)')
  .enablePositionalOptions();

const commands = {
  plan: async () => (await import('./command/plan.ts')).planCommand(),
  run: async () => (await import('./command/run.ts')).runCommand(),
  check: async () => (await import('./command/check.ts')).checkCommand(),
  lint: async () => (await import('./command/lint.ts')).lintCommand(),
  report: async () => (await import('./command/report.ts')).reportCommand(),
  shell: async () => (await import('./command/shell.ts')).shellCommand(),
  reap: async () => (await import('./command/reap.ts')).reapCommand(),
  versions: async () => (await import('./command/versions.ts')).versionsCommand(),
  doctor: async () => (await import('./command/doctor.ts')).doctorCommand(),
  schema: async () => (await import('./command/schema.ts')).schemaCommand(),
};
for (const load of wantedCommands(commands, process.argv.slice(2))) program.addCommand(await load());

await runCommandLine(program);
