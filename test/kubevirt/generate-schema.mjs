/**
 * Writes schema/kubevirt-shapes.json: what the OpenAPI documents that Kubernetes, KubeVirt and CDI
 * publish say of the kinds that we render, taken from the models that @kubevirt-ui/kubevirt-api generates from them.
 *
 *   node test/kubevirt/generate-schema.mjs DIRECTORY-OF-THE-UNPACKED-PACKAGE
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('name the directory of the unpacked package');

const META = ['kubernetes', 'IoK8sApimachineryPkgApisMetaV1ObjectMeta'];
const KINDS = {
  'v1 Namespace': ['kubernetes', 'IoK8sApiCoreV1Namespace'],
  'v1 Secret': ['kubernetes', 'IoK8sApiCoreV1Secret'],
  'v1 ResourceQuota': ['kubernetes', 'IoK8sApiCoreV1ResourceQuota'],
  'v1 LimitRange': ['kubernetes', 'IoK8sApiCoreV1LimitRange'],
  'v1 ServiceAccount': ['kubernetes', 'IoK8sApiCoreV1ServiceAccount'],
  'networking.k8s.io/v1 NetworkPolicy': ['kubernetes', 'IoK8sApiNetworkingV1NetworkPolicy'],
  'coordination.k8s.io/v1 Lease': ['kubernetes', 'IoK8sApiCoordinationV1Lease'],
  'rbac.authorization.k8s.io/v1 ClusterRole': ['kubernetes', 'IoK8sApiRbacV1ClusterRole'],
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': ['kubernetes', 'IoK8sApiRbacV1ClusterRoleBinding'],
  'rbac.authorization.k8s.io/v1 Role': ['kubernetes', 'IoK8sApiRbacV1Role'],
  'rbac.authorization.k8s.io/v1 RoleBinding': ['kubernetes', 'IoK8sApiRbacV1RoleBinding'],
  'batch/v1 CronJob': ['kubernetes', 'IoK8sApiBatchV1CronJob'],
  'kubevirt.io/v1 VirtualMachine': ['kubevirt', 'V1VirtualMachine'],
  'snapshot.kubevirt.io/v1beta1 VirtualMachineSnapshot': ['kubevirt', 'V1beta1VirtualMachineSnapshot'],
  'snapshot.kubevirt.io/v1beta1 VirtualMachineRestore': ['kubevirt', 'V1beta1VirtualMachineRestore'],
  'cdi.kubevirt.io/v1beta1 DataVolume': ['containerized-data-importer', 'V1beta1DataVolume'],
};

/** `x-kubernetes-int-or-string` is lost on the way: the generator takes it for a string. */
const INT_OR_STRING = new Set(['port', 'targetPort', 'maxUnavailable', 'minAvailable']);

const definitions = {};
const kinds = Object.fromEntries(Object.entries(KINDS).map(([kind, [group, model]]) => [kind, reference(group, model)]));
const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
const sorted = Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
const lines = Object.entries(sorted).map(([name, shape]) => `    ${JSON.stringify(name)}: ${JSON.stringify(shape)}`);
const output = `{
  "source": ${JSON.stringify(`@kubevirt-ui/kubevirt-api ${version}`)},
  "kinds": ${JSON.stringify(kinds, null, 2).replaceAll('\n', '\n  ')},
  "definitions": {\n${lines.join(',\n')}\n  }
}\n`;
writeFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), '../../schema/kubevirt-shapes.json'), output);

/** `#group/Model`, defined along with everything it refers to. Status is the server's to write. */
function reference(group, model) {
  if (model.endsWith('ObjectMeta')) [group, model] = META;
  const name = `${group}/${model}`;
  if (name in definitions) return `#${name}`;
  const file = path.join(directory, group, 'models', `${model}.ts`);
  if (!existsSync(file)) throw new Error(`no model ${name}`);
  definitions[name] = {};
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const enums = new Map();
  ts.forEachChild(source, (node) => {
    if (ts.isEnumDeclaration(node)) enums.set(node.name.text, node.members.map(({ initializer }) => initializer.text));
  });
  ts.forEachChild(source, (node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== model) return;
    for (const member of node.members) {
      // reserved words of JavaScript are marked on the way: `_default`
      const property = member.name.text.replace(/^_/, '');
      if (property === 'status' && Object.values(KINDS).some(([, kind]) => kind === model)) continue;
      definitions[name][member.questionToken === undefined ? `${property}!` : property] = INT_OR_STRING.has(property) ? 'int-or-string' : typeOf(member.type, group, enums);
    }
  });
  return `#${name}`;
}

/** `string`, `number`, `boolean`, `any`, `[]T`, `{}T`, `a|b` in quotes for an enumeration, `int-or-string`, or a reference. */
function typeOf(node, group, enums) {
  const text = node.getText();
  if (['string', 'number', 'boolean', 'any', 'object'].includes(text)) return text;
  if (text === 'Date') return 'string';
  if (ts.isTypeReferenceNode(node) && node.typeName.text === 'Array') return `[]${typeOf(node.typeArguments[0], group, enums)}`;
  if (ts.isTypeLiteralNode(node)) return `{}${typeOf(node.members[0].type, group, enums)}`;
  if (enums.has(text)) return `'${enums.get(text).join("'|'")}'`;
  return reference(group, text);
}
