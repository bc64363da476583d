import { Argument, Command } from 'commander';
import { listed } from '../matrix/axis.ts';
import { loadMatrix } from '../matrix/load.ts';
import { completionScript, SHELLS, type Shell } from './completion-script.ts';

const EXAMPLES = `
Examples:
  source <(proofgrid completion bash)                                        this shell
  proofgrid completion bash > /etc/bash_completion.d/proofgrid               every bash from now on
  proofgrid completion zsh > ~/.zsh/proofgrid.zsh                            to be sourced after compinit
  proofgrid completion fish > ~/.config/fish/completions/proofgrid.fish

Commands, options, their values, and topologies are completed; anything else as file names. Make it again after an update.`;

export function completionCommand(): Command {
  return new Command('completion')
    .description('prints a script that completes commands and options in a shell')
    .addArgument(new Argument('<SHELL>', 'which shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: Shell, _options: object, command: Command) => {
      const { document } = await loadMatrix();
      const program = command.parent ?? command;
      command.configureOutput().writeOut?.(completionScript(shell, program, listed(document, 'topology')));
    });
}
