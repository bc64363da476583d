import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { shapeProblems } from '../../../../harness/provider/kubevirt/shape.ts';
import { packageRoot } from '../../../../lifecycle/root.ts';

const directory = path.join(packageRoot, 'deploy');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
}

async function manifests(file: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(path.join(directory, file), 'utf8')).map((document) => document.toJS() as Manifest);
}

test.each(['golden-images.yaml', 'rbac.yaml', 'reaper.yaml'])('%s is valid by the published shapes', async (file) => {
  expect(await readdir(directory)).toContain(file);
  expect((await manifests(file)).flatMap(shapeProblems)).toEqual([]);
});

test('no rule grants everything, nor what would grant more', async () => {
  const rules = (await manifests('rbac.yaml')).flatMap(({ rules = [] }) => rules);
  expect(rules.length).toBeGreaterThan(10);
  const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
  expect(words.filter((word) => ['*', 'escalate', 'bind', 'impersonate', 'pods/exec', 'pods/portforward', 'serviceaccounts/token'].includes(word))).toEqual([]);
  // Secrets are written, never read: nobody but the machine needs what is in them.
  expect(rules.filter(({ resources }) => resources.includes('secrets')).flatMap(({ verbs }) => verbs)).toEqual(['create', 'patch']);
});

test('each role stands once and is bound', async () => {
  const all = await manifests('rbac.yaml');
  const roles = all.filter(({ kind }) => kind.endsWith('Role')).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  const bound = all.filter(({ kind }) => kind.endsWith('Binding')).map((binding) => {
    const { kind, name } = (binding as unknown as { roleRef: { kind: string; name: string } }).roleRef;
    return `${kind}/${name}`;
  });
  expect([...roles].sort()).toEqual([...new Set(bound)].sort());
  expect(new Set(roles).size).toBe(roles.length);
});
