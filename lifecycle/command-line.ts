import { type Command, CommanderError } from 'commander';
import { withFullDiskExplained } from './disk-full.ts';
import { type Fault, ProofgridError } from './error.ts';
import { withSystemPrograms } from './program-path.ts';
import { refuseCarelessOptions } from './strict-options.ts';

/** DESIGN.md's exit codes, for an error that ended a command. */
const EXIT_CODES: Readonly<Record<Fault, number>> = {
  failed: 1,
  usage: 2,
  infrastructure: 3,
  'timed-out': 4,
  leaked: 5,
  interrupted: 130,
};

type LoadCommand = () => Promise<Command>;

/** The commands that these arguments need: modules of all the others would take most of the time until the first output. */
export function wantedCommands(commands: Readonly<Record<string, LoadCommand>>, [first]: readonly string[]): readonly LoadCommand[] {
  if (first === '--version' || first === '-V') return [];
  const named = first !== undefined && Object.hasOwn(commands, first) ? commands[first] : undefined;
  return named === undefined ? Object.values(commands) : [named];
}

/** The only top-level catch of a program: runs what the command line asks for, and turns an error into a message and an exit code. */
export async function runCommandLine(program: Command): Promise<void> {
  mindOutput(program.name());
  program.exitOverride();
  for (const command of program.commands) refuseCarelessOptions(command.exitOverride());
  process.env.PATH = withSystemPrograms(process.env.PATH);
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = explain(program.name(), withFullDiskExplained(error));
  }
}

/**
 * A reader that has left (`| head`) is no fault, and nothing to tell. Any other output that is lost is: what was asked for
 * was not said, so the exit code cannot be 0. Without listeners, either would end the process on the spot with a stack trace.
 */
function mindOutput(name: string): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.stderr.write(`${name}: standard output cannot be written: ${message} [OUTPUT_NOT_WRITTEN]\n`);
    process.once('exit', () => {
      if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = EXIT_CODES.infrastructure;
    });
  });
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
