import type { Command, Option } from 'commander';
import { shellQuote } from '../machine/quote.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Commands whose arguments are cells. */
const OF_CELLS = ['run', 'plan'];

/** A script that knows this program as it is now: nothing of it is run while somebody types. */
export function completionScript(shell: Shell, program: Command, topologies: readonly string[]): string {
  if (shell === 'fish') return fishScript(program, topologies);
  const bash = bashScript(program, topologies);
  // https://zsh.sourceforge.io/Doc/Release/Completion-System.html: bashcompinit runs completions of bash
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash;
}

function bashScript(program: Command, topologies: readonly string[]): string {
  const valued = program.commands.flatMap((command) =>
    command.options.flatMap((option) => {
      if (option.isBoolean()) return [];
      const patterns = flagsOf(option).map((flag) => shellQuote(`${command.name()} ${flag}`)).join('|');
      return [`    ${patterns}) words=${shellQuote((option.argChoices ?? []).join(' '))} ;;`];
    }),
  );
  const options = program.commands.map((command) => `        ${command.name()}) words=${shellQuote([...command.options.flatMap(flagsOf), '--help'].join(' '))} ;;`);
  const operands = program.commands.flatMap((command) => {
    const words = operandsOf(command, topologies);
    return words.length === 0 ? [] : [`        ${command.name()}) words=${shellQuote(words.join(' '))} ;;`];
  });
  return `_proofgrid() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${shellQuote([...program.commands.map((command) => command.name()), '--help', '--version'].join(' '))}
  else
    case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD-1]}" in
${valued.join('\n')}
    *)
      case "$current" in
      -*)
        case "\${COMP_WORDS[1]}" in
${options.join('\n')}
        esac ;;
      *)
        case "\${COMP_WORDS[1]}" in
${operands.join('\n')}
        esac ;;
      esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _proofgrid proofgrid
`;
}

function fishScript(program: Command, topologies: readonly string[]): string {
  const commands = program.commands.map((command) => `complete -c proofgrid -n __fish_use_subcommand -f -a ${command.name()} -d ${fishQuote(command.description())}`);
  const details = program.commands.flatMap((command) => {
    const start = `complete -c proofgrid -n '__fish_seen_subcommand_from ${command.name()}'`;
    const options = command.options.map((option) => {
      const flags = [...(option.long === undefined ? [] : [`-l ${option.long.slice(2)}`]), ...(option.short === undefined ? [] : [`-s ${option.short.slice(1)}`])];
      const value = option.isBoolean() ? '' : option.argChoices === undefined ? ' -r' : ` -x -a ${fishQuote(option.argChoices.join(' '))}`;
      return `${start} ${flags.join(' ')}${value} -d ${fishQuote(option.description)}`;
    });
    const operands = operandsOf(command, topologies);
    return operands.length === 0 ? options : [...options, `${start} -a ${fishQuote(operands.join(' '))}`];
  });
  return `${[...commands, ...details].join('\n')}\n`;
}

function operandsOf(command: Command, topologies: readonly string[]): readonly string[] {
  if (OF_CELLS.includes(command.name())) return topologies;
  return command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
}

function flagsOf({ short, long }: Option): string[] {
  return [short ?? [], long ?? []].flat();
}

/** Inside single quotes fish knows two escapes: https://fishshell.com/docs/current/language.html#quotes */
function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
