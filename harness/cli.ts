import { runCommandLine } from '../lifecycle/command-line.ts';
import { createProgram } from './program.ts';

await runCommandLine(await createProgram(process.argv.slice(2)));
