import { DocumentError } from '../../../lifecycle/document.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Path } from '../../../lifecycle/location.ts';
import type { Problem } from '../../matrix/problem.ts';
import { machineProblems } from './machine-rules.ts';
import { LABEL, roleLabel } from './names.ts';
import type { KubeObject, VirtualMachine } from './objects.ts';
import type { RenderedObject } from './render.ts';
import { isRecord, name, shapeProblems } from './shape.ts';
import { LABEL_KEY, LABEL_VALUE, SUBDOMAIN, SUBDOMAIN_LENGTH } from './syntax.ts';

/** Every mistake of a cell's objects, each at its place in the templates. Nothing is asked of a cluster. */
export function findInvalid(rendered: readonly RenderedObject[]): ProofgridError[] {
  const machines = rendered.map(({ object }) => object).filter(isMachine);
  const controlPlanes = machines.filter(({ metadata }) => metadata.labels?.[roleLabel('control-plane')] !== undefined).length;
  return rendered.flatMap(({ object, locate }) => {
    const shape = shapeProblems(object);
    const problems = shape.length > 0 ? shape : [...metadataProblems(object), ...(isMachine(object) ? [...labelProblems(object.spec.template.metadata?.labels, ['spec', 'template', 'metadata', 'labels']), ...machineProblems(object, controlPlanes)] : [])];
    return problems.map(({ path, code, what, remedy }) =>
      new ProofgridError({ code, fault: 'usage', what: `${title(object)}: ${what}`, where: locate(path), remedy }));
  });
}

/** Throws a `DocumentError` that lists all of them. */
export function refuseInvalid(rendered: readonly RenderedObject[]): void {
  const [first, ...others] = findInvalid(rendered);
  if (first !== undefined) throw new DocumentError([first, ...others]);
}

/** Names and labels by the API server's rules, and the labels by which a lease is found: without them nobody could reap it. */
function metadataProblems({ kind, metadata }: KubeObject): Problem[] {
  const problems: Problem[] = [];
  if (typeof metadata.name !== 'string' || !SUBDOMAIN.test(metadata.name) || metadata.name.length > SUBDOMAIN_LENGTH) {
    problems.push({ path: ['metadata', 'name'], code: 'KUBEVIRT_NAME', what: `${JSON.stringify(metadata.name)} cannot be a name`, remedy: 'use lower-case letters, digits and hyphens' });
  }
  problems.push(...labelProblems(metadata.labels, ['metadata', 'labels']));
  if (metadata.labels?.[LABEL.lease] === undefined) {
    problems.push({ path: ['metadata', 'labels'], code: 'KUBEVIRT_NO_LEASE_LABEL', what: `the object carries no label ${LABEL.lease}, so nobody could tell whose it is`, remedy: 'keep the labels of the template' });
  }
  if (kind !== 'Namespace' && metadata.namespace === undefined) {
    problems.push({ path: ['metadata'], code: 'KUBEVIRT_NO_NAMESPACE', what: 'the object names no namespace and would land anywhere', remedy: 'say namespace: ${namespace}' });
  }
  return problems;
}

/** KubeVirt takes the labels of a machine's pod unseen; the pod would be refused. */
function labelProblems(labels: Readonly<Record<string, string>> = {}, at: Path): Problem[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(LABEL_KEY.test(key) ? [] : [{ path: [...at, key], code: 'KUBEVIRT_LABEL', what: `${JSON.stringify(key)} cannot be the key of a label`, remedy: 'use letters, digits, dots, hyphens and underscores, with a domain and a slash before them' }]),
    ...(LABEL_VALUE.test(value) ? [] : [{ path: [...at, key], code: 'KUBEVIRT_LABEL', what: `${name([...at, key])} cannot be ${JSON.stringify(value)}`, remedy: 'use at most 63 letters, digits, dots, hyphens and underscores' }]),
  ]);
}

function isMachine(object: KubeObject): object is VirtualMachine {
  return isRecord(object) && object.kind === 'VirtualMachine' && isRecord(object['spec']);
}

function title(object: unknown): string {
  if (!isRecord(object)) return 'the document';
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  return `${String(object['kind'])} ${String(metadata['name'])}`;
}
