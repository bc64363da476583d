import { type Command, CommanderError } from 'commander';
import { type Fault, ProofgridError } from './error.ts';

/** DESIGN.md's exit codes, for an error that ended a command. */
const EXIT_CODES: Readonly<Record<Fault, number>> = {
  failed: 1,
  usage: 2,
  infrastructure: 3,
  'timed-out': 4,
  leaked: 5,
  interrupted: 130,
};

/** The only top-level catch of a program: runs what the command line asks for, and turns an error into a message and an exit code. */
export async function runCommandLine(program: Command): Promise<void> {
  program.exitOverride();
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = explain(program.name(), error);
  }
}

function explain(name: string, error: unknown): number {
  // commander has printed its own message; asking for help or the version is no error
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ProofgridError) {
    process.stderr.write(`${name}: ${error.message}\n`);
    return EXIT_CODES[error.fault];
  }
  process.stderr.write(`${name}: this is a bug, please report it\n${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
