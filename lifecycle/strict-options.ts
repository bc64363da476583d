import type { Command, Option } from 'commander';
import { ProofgridError } from './error.ts';

/**
 * Options that take one value refuse a second one, for which commander would drop the first without a word. None takes an
 * empty one, as an unset variable of a shell gives it.
 */
export function refuseCarelessOptions(command: Command): void {
  for (const option of command.options) if (option.required && !option.variadic) makeStrict(option);
}

function makeStrict(option: Option): void {
  const { parseArg: parse, defaultValue } = option;
  const name = option.long ?? option.flags;
  let seen: string | undefined;
  option.argParser((value: string, previous: unknown) => {
    if (value === '') throw refused('OPTION_EMPTY', `${name} has an empty value`, 'give it a value, or leave it out');
    if (seen !== undefined && !Array.isArray(defaultValue)) throw refused('OPTION_REPEATED', `${name} is given twice: ${seen} and ${value}`, 'give it once');
    seen = value;
    return parse === undefined ? value : parse(value, previous);
  });
}

function refused(code: string, what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code, fault: 'usage', what, remedy });
}
