import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { schemaCommand } from '../../../harness/command/schema.ts';
import { outputOf } from './output.ts';

test.each([
  [[], 'schema/matrix.schema.json', 'Proofgrid Matrix'],
  [['--kind', 'Matrix'], 'schema/matrix.schema.json', 'Proofgrid Matrix'],
  [['--kind', 'Versions'], 'schema/versions.schema.json', 'Proofgrid Versions'],
  [['--kind', 'ClusterDeployment'], 'schema/cluster-deployment.schema.json', 'Proofgrid ClusterDeployment'],
])('%j prints what is shipped as %s', async (words, file, title) => {
  const printed = await outputOf(schemaCommand(), words);
  expect(printed, `write it again: npm run schema`).toBe(readFileSync(file, 'utf8'));
  expect(JSON.parse(printed)).toMatchObject({ title, type: 'object', additionalProperties: false });
});

test.each(['matrix', 'versions'])('the shipped %s.yaml names the schema beside it', (name) => {
  const [first] = readFileSync(`matrix/${name}.yaml`, 'utf8').split('\n');
  expect(first).toBe(`# yaml-language-server: $schema=../schema/${name}.schema.json`);
});

test('the schema knows every key of the shipped matrix', async () => {
  const schema = JSON.parse(await outputOf(schemaCommand(), [])) as { properties: Record<string, unknown>; required: string[] };
  const keys = Object.keys(parse(readFileSync('matrix/matrix.yaml', 'utf8')) as object);
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(keys));
  expect(keys).toEqual(expect.arrayContaining(schema.required));
});
