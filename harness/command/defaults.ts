import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CommanderError, type Command, type Option } from 'commander';
import { z } from 'zod';
import { parseDocument, type ReadDocument } from '../../lifecycle/document.ts';
import { ProofgridError } from '../../lifecycle/error.ts';
import { closest } from '../../lifecycle/suggest.ts';

/** Looked for in the working directory, unless `PROOFGRID_CONFIG` names another file. */
const FILE = 'proofgrid.yaml';
/** What names one run or one lease is no default. */
const NEVER = new Set(['run-dir', 'resume', 'lease']);
const SOURCE = 'config';

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const schema = z.record(z.string(), z.record(z.string(), value)).nullable();
type Value = z.output<typeof value>;

/**
 * Gives a command's options the values of the configuration file, where the command line says nothing. The whole file is
 * judged, whatever the command: each mistake with its line and column.
 * @param say told which defaults came from the file
 */
export async function applyDefaults(program: Command, command: Command, say: (message: string) => void, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const file = configurationFile(env);
  if (file === undefined) return;
  const document = parseDocument(await textOf(file), file, schema);
  const own = sections(program, document).filter((entry) => entry.command === command);
  for (const { option, values } of own) {
    if (command.getOptionValueSource(option.attributeName()) === 'cli' || contradicted(command, option)) continue;
    command.setOptionValueWithSource(option.attributeName(), values, SOURCE);
  }
  const words = configuredWords(command);
  if (words.length > 0) say(`${path.relative('', path.resolve(file))} adds ${words.join(' ')}`);
}

/** The file with the defaults; undefined when none is named and the working directory has none. */
export function configurationFile(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['PROOFGRID_CONFIG'];
  if (named !== undefined && named !== '') return named;
  return existsSync(FILE) ? FILE : undefined;
}

/** The options that came from the file, as words of a command line: what was run must be what a report says. */
export function configuredWords(command: Command): string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    const found: unknown = command.getOptionValueSource(name) === SOURCE ? command.getOptionValue(name) : undefined;
    if (found === undefined || found === false) return [];
    if (found === true) return [longOf(option)];
    return (Array.isArray(found) ? found : [given.get(command)?.get(name) ?? found]).flatMap((each) => [longOf(option), String(each)]);
  });
}

/** Texts as they stand in the file: a duration is milliseconds once it is read. */
const given = new WeakMap<Command, Map<string, string>>();

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ProofgridError({ code: 'CONFIG_UNREADABLE', fault: 'usage', what: `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, remedy: 'name an existing YAML file in PROOFGRID_CONFIG', cause });
  });
}

interface Entry {
  readonly command: Command;
  readonly option: Option;
  readonly values: unknown;
}

function sections(program: Command, document: ReadDocument<z.output<typeof schema>>): Entry[] {
  const names = program.commands.map((each) => each.name());
  return Object.entries(document.value ?? {}).flatMap(([name, options]) => {
    const command = program.commands.find((each) => each.name() === name);
    if (command === undefined) throw document.problem([name], 'CONFIG_COMMAND_UNKNOWN', `there is no command ${name}`, suggestion(name, names));
    return Object.entries(options).map(([long, found]) => entryOf(command, long, found, document));
  });
}

function entryOf(command: Command, long: string, found: Value, document: ReadDocument<unknown>): Entry {
  const at = [command.name(), long];
  const allowed = command.options.filter((each) => each.long !== undefined && !NEVER.has(each.long.slice(2)));
  const option = allowed.find((each) => each.long === `--${long}`);
  if (NEVER.has(long)) throw document.problem(at, 'CONFIG_OPTION_REFUSED', `--${long} names one run or lease, and is no default`, 'give it on the command line');
  if (option === undefined) throw document.problem(at, 'CONFIG_OPTION_UNKNOWN', `${command.name()} has no option --${long}`, suggestion(long, allowed.map((each) => longOf(each).slice(2))));
  const refuse = (what: string) => document.problem(at, 'CONFIG_VALUE_INVALID', `--${long} ${what}`, `proofgrid ${command.name()} --help tells what it takes`);
  if (option.isBoolean()) {
    if (typeof found !== 'boolean') throw refuse('is switched on or off: true or false');
    return { command, option, values: found };
  }
  if (typeof found === 'boolean') throw refuse('takes a value');
  const repeatable = option.variadic || Array.isArray(option.defaultValue);
  if (Array.isArray(found) && !repeatable) throw refuse('takes one value and no list');
  try {
    if (!repeatable) given.set(command, (given.get(command) ?? new Map<string, string>()).set(option.attributeName(), String(found)));
    return { command, option, values: parsed(option, (Array.isArray(found) ? found : [found]).map(String), repeatable) };
  } catch (error) {
    if (error instanceof CommanderError) throw refuse(error.message);
    throw error;
  }
}

function parsed({ parseArg }: Option, words: readonly string[], repeatable: boolean): unknown {
  if (parseArg === undefined) return repeatable ? words : words[0];
  return words.reduce<unknown>((all, word) => parseArg(word, all), repeatable ? [] : undefined);
}

/** `-v` on the command line stands against `quiet: true` in the file. */
function contradicted(command: Command, option: Option): boolean {
  const opposes = (one: Option, other: Option) => (one as unknown as { conflictsWith?: readonly string[] }).conflictsWith?.includes(other.attributeName()) === true;
  return command.options.some((other) => command.getOptionValueSource(other.attributeName()) === 'cli' && (opposes(option, other) || opposes(other, option)));
}

function longOf({ long, flags }: Option): string {
  return long ?? flags;
}

function suggestion(word: string, candidates: readonly string[]): string {
  const near = closest(word, candidates);
  return near === undefined ? `choose one of ${candidates.join(', ')}` : `did you mean ${near}?`;
}
