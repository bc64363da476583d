import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { ansibleJson } from '../../../lifecycle/ansible-data.ts';
import { clusterDeploymentSchema } from '../../../lifecycle/cluster-deployment.ts';
import { DocumentError, parseDocument } from '../../../lifecycle/document.ts';
import { inventorySchema } from '../../../lifecycle/inventory.ts';
import { canaries, CLUSTERS, INVENTORY, written } from '../../every-field.ts';
import { textFields, textsIn, withText, type TextAt } from '../../schema-strings.ts';

/** Fields that take any text: the playbooks get them as they are, as test/integration/lifecycle/input-is-data.test.ts proves. */
const FREE = [
  'all.hosts.*.*',
  'metadata.annotations.*',
  'spec.addOns[].manifest',
  'spec.dns.reason',
  'spec.etcd.binaries.source.path',
  'spec.kubernetes.binaries.source.path',
  'spec.metrics.reason',
  'spec.network.manifest',
  'spec.network.plugins.binaries.source.path',
  'spec.network.policy.reason',
  'spec.runtime.binaries.source.path',
  'spec.runtime.crictl.binaries.source.path',
  'spec.runtime.images[].path',
  'spec.storage.reason',
];

const DOCUMENTS: [string, z.ZodType, readonly object[]][] = [['ClusterDeployment', clusterDeploymentSchema, CLUSTERS], ['inventory', inventorySchema, [INVENTORY]]];

function refusal(schema: z.ZodType, text: string): DocumentError | undefined {
  try {
    parseDocument(text, 'document.yaml', schema);
    return undefined;
  } catch (error) {
    if (error instanceof DocumentError) return error;
    throw error;
  }
}

describe.each(DOCUMENTS)('%s', (_name, schema, documents) => {
  test('the test documents are valid, and have every field that holds texts', () => {
    for (const document of documents) expect(schema.safeParse(document).error).toBeUndefined();
    const covered = new Set(documents.flatMap((document) => textsIn(schema, document).map(({ field }) => field)));
    expect(textFields(schema).filter((field) => !covered.has(field))).toEqual([]);
  });

  const places = documents.flatMap((document) => textsIn(schema, document).map((at) => ({ document, at })));
  const takes = (text: string, document: object, at: TextAt) => schema.safeParse(withText(document, at, text)).success;
  const isFree = ({ document, at }: (typeof places)[number]) => canaries('/canary').some((canary) => takes(canary, document, at));

  test('what takes a template is known', () => {
    const free = new Set(places.filter(isFree).map(({ at: { field } }) => field));
    expect([...free].sort()).toEqual(FREE.filter((field) => field.startsWith('all.') === (schema === inventorySchema)));
  });

  test('whatever else gets a template is refused, with its line and column', () => {
    for (const { document, at } of places.filter((place) => !isFree(place))) {
      for (const canary of canaries('/canary')) {
        const changed = withText(document, at, canary);
        const moved = { ...at, path: at.part === 'key' ? [...at.path.slice(0, -1), canary] : at.path };
        const { text, line, column } = written(changed, moved);
        const places = refusal(schema, text)?.problems.map(({ where }) => `${where?.line}:${where?.column}`);
        expect(places, `${at.field}: ${canary}`).toContain(`${line}:${column}`);
      }
    }
  });
});

test('texts are marked, keys are kept, and nothing else is touched', () => {
  expect(JSON.parse(ansibleJson({ a: ['{{ x }}', 5, true, null], '{{ k }}': {} }))).toEqual({ a: [{ __ansible_unsafe: '{{ x }}' }, 5, true, null], '{{ k }}': {} });
});

test('a key that Ansible would take for its own is refused', () => {
  expect(() => ansibleJson({ a: { __ansible_vault: 'x' } })).toThrow('__ansible_vault');
});
