import { runCommandLine } from '../lifecycle/command-line.ts';
import { createProgram } from './program.ts';

await runCommandLine(createProgram());
