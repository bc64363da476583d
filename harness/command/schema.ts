import { Command, Option } from 'commander';
import { jsonSchemaText, KINDS, type Kind } from '../matrix/json-schema.ts';

const EXAMPLES = `
Examples:
  proofgrid schema                            of matrix files; shipped as schema/matrix.schema.json
  proofgrid schema --kind Versions            of versions files; shipped as schema/versions.schema.json
  proofgrid schema --kind ClusterDeployment   shipped as schema/cluster-deployment.schema.json
  proofgrid schema --kind Site                of a KubeVirt cluster; shipped as schema/site.schema.json

Editors use it when the first line of a YAML file says
  # yaml-language-server: $schema=../schema/matrix.schema.json`;

export function schemaCommand(): Command {
  const command = new Command('schema')
    .description('prints the JSON Schema of a document that people write')
    .addOption(new Option('--kind <KIND>', 'kind of the document').choices(KINDS).default('Matrix'))
    .addHelpText('after', EXAMPLES);
  return command.action(({ kind }: { readonly kind: Kind }) => {
    command.configureOutput().writeOut?.(jsonSchemaText(kind));
  });
}
