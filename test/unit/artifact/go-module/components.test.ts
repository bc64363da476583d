import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { GoComponent } from '../../../../harness/artifact/go-module/component.ts';
import { GO_COMPONENTS } from '../../../../harness/artifact/go-module/components.ts';
import { goComponentRecipe } from '../../../../harness/artifact/go-module/recipe.ts';
import { ENGINE_COMPONENTS } from '../../../../harness/matrix/cell.ts';

const ROWS = Object.entries<GoComponent>(GO_COMPONENTS);

test.each(ROWS)('%s proves its version by one of its own programs, whose packages are in their modules', (_, { programs, proof }) => {
  expect(Object.keys(programs)).toContain(proof.program);
  for (const { module, package: path, main } of Object.values(programs)) if (main === undefined) expect(`${path}/`).toContain(`${module}/`);
});

test.each<[keyof typeof GO_COMPONENTS, string, string]>([
  ['cni-plugins', 'CNI bridge plugin v1.10.0\nCNI protocol versions supported: 0.1.0, 1.1.0', '1.10.0'],
  ['crictl', 'crictl version 1.37.0', '1.37.0'],
  ['crictl', 'crictl version v1.34.0', '1.34.0'],
])('%s that says %j is %s', (name, said, version) => {
  expect(GO_COMPONENTS[name].proof.pattern.exec(said)?.[1]).toBe(version);
});

test('the playbooks place the programs of each component of an engine, and no others', () => {
  const { container_engine_components: placed } = parse(readFileSync('playbooks/roles/container_engine/vars/main.yml', 'utf8')) as { container_engine_components: { component: string; names: unknown }[] };
  for (const name of ENGINE_COMPONENTS) expect(placed).toContainEqual(expect.objectContaining({ component: name, names: Object.keys(GO_COMPONENTS[name].programs) }));
});

test('a component of an engine is one entry of the cache for each version', () => {
  const recipe = (version: string) => goComponentRecipe('cni-plugins', GO_COMPONENTS['cni-plugins'], version, () => Promise.reject(new Error('nothing is built here')));
  expect(recipe('1.10.0')).toMatchObject({ kind: 'cni-plugins', name: 'CNI plugins 1.10.0 from Go modules', inputs: { version: '1.10.0' } });
  expect(recipe('1.9.1').inputs).not.toEqual(recipe('1.10.0').inputs);
});
