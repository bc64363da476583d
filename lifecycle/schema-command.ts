import { Command } from 'commander';
import { z } from 'zod';
import { clusterDeploymentSchema } from './cluster-deployment.ts';

export function schemaCommand(): Command {
  return new Command('schema')
    .description('prints the JSON Schema of the ClusterDeployment document')
    .action(() => {
      const document = z.toJSONSchema(clusterDeploymentSchema, { io: 'input' });
      process.stdout.write(`${JSON.stringify({ title: 'ClusterDeployment', ...document }, undefined, 2)}\n`);
    });
}
