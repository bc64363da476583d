import { expect, test } from 'vitest';
import { completionScript } from '../../../harness/command/completion-script.ts';
import { createProgram } from '../../../harness/program.ts';

const program = await createProgram();

test('every command and every option is in every script, with its choices', () => {
  const [bash, zsh, fish] = (['bash', 'zsh', 'fish'] as const).map((shell) => completionScript(shell, program, ['all-in-one', 'small']));
  for (const command of program.commands) {
    expect(bash).toMatch(new RegExp(`words='[^']*\\b${command.name()}\\b`));
    expect(fish).toContain(`-a ${command.name()} -d '`);
    for (const { long } of command.options) {
      expect(bash).toMatch(new RegExp(`[ ']${long ?? ''}[ ']`));
      expect(fish).toContain(`__fish_seen_subcommand_from ${command.name()}' -l ${long?.slice(2) ?? ''}`);
    }
  }
  expect(bash).toContain(`    'run --keep') words='never failed always' ;;`);
  expect(bash).toContain(`    'run -j'|'run --jobs') words='' ;;`);
  expect(zsh).toBe(`autoload -U +X bashcompinit && bashcompinit\n${bash ?? ''}`);
  expect(fish).toContain(`__fish_seen_subcommand_from run' -l provider -x -a 'container kubevirt'`);
});

test('descriptions with quotes stay one word for fish', () => {
  for (const line of completionScript('fish', program, []).trimEnd().split('\n')) {
    const bare = line.replace(/'(?:[^'\\]|\\.)*'/g, 'Q');
    expect(bare, line).toMatch(/^[\w\s-]+$/);
  }
});
