import { Command } from 'commander';
import { readInventory } from './inventory.ts';
import { readClusterDeployment } from './read-cluster.ts';

export function validateCommand(): Command {
  return new Command('validate')
    .description('checks a ClusterDeployment document, and its inventory, and starts nothing')
    .requiredOption('--cluster <FILE>', 'ClusterDeployment document')
    .option('--inventory <FILE>', 'Ansible inventory that must have exactly its machines')
    .action(async ({ cluster: file, inventory }: { cluster: string; inventory?: string }) => {
      const cluster = await readClusterDeployment(file);
      if (inventory !== undefined) await readInventory(inventory, cluster);
      process.stdout.write(`${file}: valid, ${cluster.spec.machines.length} machine(s)\n`);
    });
}
