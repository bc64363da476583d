import { Command } from 'commander';
import { applyDefaults, configurationFile } from './command/defaults.ts';
import { proofgridVersion } from './version.ts';

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  plan: async () => (await import('./command/plan.ts')).planCommand(),
  run: async () => (await import('./command/run.ts')).runCommand(),
  check: async () => (await import('./command/check.ts')).checkCommand(),
  lint: async () => (await import('./command/lint.ts')).lintCommand(),
  report: async () => (await import('./command/report.ts')).reportCommand(),
  ps: async () => (await import('./command/ps.ts')).psCommand(),
  logs: async () => (await import('./command/logs.ts')).logsCommand(),
  shell: async () => (await import('./command/shell.ts')).shellCommand(),
  reap: async () => (await import('./command/reap.ts')).reapCommand(),
  versions: async () => (await import('./command/versions.ts')).versionsCommand(),
  doctor: async () => (await import('./command/doctor.ts')).doctorCommand(),
  schema: async () => (await import('./command/schema.ts')).schemaCommand(),
  completion: async () => (await import('./command/completion.ts')).completionCommand(),
};

/**
 * The program with the commands that these words need: modules of all the others would take most of the time until the first
 * output. Completion names them all, and a configuration file is judged as a whole.
 */
export async function createProgram(words: readonly string[] = []): Promise<Command> {
  const program = new Command('proofgrid')
    .description('Proves that Kubernetes lifecycle automation works on every combination that matters')
    .version(proofgridVersion())
    .showHelpAfterError('(see --help)')
    .enablePositionalOptions()
    .hook('preAction', (all, command) => applyDefaults(all, command, (message) => process.stderr.write(`proofgrid: ${message}\n`)));
  for (const load of wanted(words)) program.addCommand(await load());
  return program;
}

function wanted([first = '']: readonly string[]): readonly (() => Promise<Command>)[] {
  if (first === '--version' || first === '-V') return [];
  const named = Object.hasOwn(COMMANDS, first) && first !== 'completion' && configurationFile() === undefined ? COMMANDS[first] : undefined;
  return named === undefined ? Object.values(COMMANDS) : [named];
}
