import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { namespaceOf } from '../../../../harness/provider/kubevirt/names.ts';
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

interface Policy {
  readonly spec: {
    readonly matchConstraints: { readonly resourceRules: readonly [{ readonly apiGroups: string[]; readonly resources: string[]; readonly operations: string[] }] };
    readonly matchConditions: readonly [{ readonly expression: string }];
    readonly validations: readonly [{ readonly expression: string }];
  };
}

interface Binding {
  readonly kind: string;
  readonly roleRef: { readonly name: string };
  readonly subjects: readonly { readonly name: string; readonly namespace: string }[];
}

// What an API server from 1.30 on makes of its CEL is checked by hand, docs/decisions/0172: ours are older.
test('the admission policy knows everyone and everything that the roles let change in the whole cluster, and our names', async () => {
  const [policy] = (await manifests('admission-policy.yaml')) as unknown as [Policy];
  const { matchConstraints, matchConditions, validations } = policy.spec;
  const [{ apiGroups, resources, operations }] = matchConstraints.resourceRules;
  const all = await manifests('rbac.yaml');
  const bindings = (all as unknown as Binding[]).filter(({ kind }) => kind === 'ClusterRoleBinding');
  const roles = all.filter(({ kind, metadata }) => kind === 'ClusterRole' && bindings.some(({ roleRef }) => roleRef.name === metadata.name));
  const changes = roles.flatMap(({ rules = [] }) => rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb))));
  // KubeVirt's own API server answers there, and the admission of Kubernetes sees nothing of it
  const admitted = changes.filter((rule) => !rule.apiGroups.includes('subresources.kubevirt.io'));
  expect(admitted.length).toBeGreaterThan(4);
  expect(admitted.flatMap((rule) => rule.apiGroups).filter((group) => !apiGroups.includes(group))).toEqual([]);
  expect(admitted.flatMap((rule) => rule.resources).filter((resource) => !resources.includes(resource))).toEqual([]);
  expect(operations).toEqual(['CREATE', 'UPDATE', 'DELETE']);

  const users = bindings.flatMap(({ subjects }) => subjects.map(({ namespace, name }) => `'system:serviceaccount:${namespace}:${name}'`));
  expect(users.filter((user) => !matchConditions[0].expression.includes(user))).toEqual([]);
  const pattern = new RegExp(/matches\('(.+)'\)/.exec(validations[0].expression)?.[1] ?? '.*');
  const names = [namespaceOf('0123456789ab'), 'proofgrid', 'proofgrid-images', 'kube-system', 'a-proofgrid-0123456789ab', 'proofgrid-0123456789abc', 'proofgrid-0123456789aB'];
  expect(names.filter((name) => pattern.test(name))).toEqual([namespaceOf('0123456789ab')]);
});
