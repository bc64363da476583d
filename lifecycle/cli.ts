import { Command } from 'commander';
import { runCommandLine, wantedCommands } from './command-line.ts';

const program = new Command('lifecycle')
  .description('Runs the life of a cluster from its ClusterDeployment document')
  .showHelpAfterError('(see --help)')
  .addHelpText('after', `
Examples:
  lifecycle validate --cluster cluster.yaml --inventory inventory.yaml
  lifecycle run deploy --cluster cluster.yaml --inventory inventory.yaml
  lifecycle schema > cluster-deployment.schema.json`);

const commands = {
  run: async () => (await import('./run-command.ts')).runCommand(),
  validate: async () => (await import('./validate-command.ts')).validateCommand(),
  schema: async () => (await import('./schema-command.ts')).schemaCommand(),
};
for (const load of wantedCommands(commands, process.argv.slice(2))) program.addCommand(await load());

await runCommandLine(program);
