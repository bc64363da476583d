import { Command } from 'commander';
import { z } from 'zod';
import { clusterDeploymentSchema } from './cluster-deployment.ts';
import { runCommandLine } from './command-line.ts';
import { readInventory } from './inventory.ts';
import { readClusterDeployment } from './read-cluster.ts';
import { runCommand } from './run-command.ts';

const program = new Command('lifecycle')
  .description('Runs the life of a cluster from its ClusterDeployment document')
  .showHelpAfterError('(see --help)')
  .addHelpText('after', `
Examples:
  lifecycle validate --cluster cluster.yaml --inventory inventory.yaml
  lifecycle run deploy --cluster cluster.yaml --inventory inventory.yaml
  lifecycle schema > cluster-deployment.schema.json`);

const validate = new Command('validate')
  .description('checks a ClusterDeployment document, and its inventory, and starts nothing')
  .requiredOption('--cluster <FILE>', 'ClusterDeployment document')
  .option('--inventory <FILE>', 'Ansible inventory that must have exactly its machines')
  .action(async ({ cluster: file, inventory }: { cluster: string; inventory?: string }) => {
    const cluster = await readClusterDeployment(file);
    if (inventory !== undefined) await readInventory(inventory, cluster);
    process.stdout.write(`${file}: valid, ${cluster.spec.machines.length} machine(s)\n`);
  });

const schema = new Command('schema')
  .description('prints the JSON Schema of the ClusterDeployment document')
  .action(() => {
    const document = z.toJSONSchema(clusterDeploymentSchema, { io: 'input' });
    process.stdout.write(`${JSON.stringify({ title: 'ClusterDeployment', ...document }, undefined, 2)}\n`);
  });

for (const command of [runCommand(), validate, schema]) program.addCommand(command);

await runCommandLine(program);
