import { DocumentError } from '../../../lifecycle/document.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Problem } from '../../matrix/problem.ts';
import { machineProblems } from './machine-rules.ts';
import { LABEL, roleLabel } from './names.ts';
import type { KubeObject, VirtualMachine } from './objects.ts';
import type { RenderedObject } from './render.ts';
import { isRecord, name, shapeProblems } from './shape.ts';

const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

/** Every mistake of a cell's objects, each at its place in the templates. Nothing is asked of a cluster. */
export function findInvalid(rendered: readonly RenderedObject[]): ProofgridError[] {
  const machines = rendered.map(({ object }) => object).filter(isMachine);
  const controlPlanes = machines.filter(({ metadata }) => metadata.labels?.[roleLabel('control-plane')] !== undefined).length;
  return rendered.flatMap(({ object, locate }) => {
    const shape = shapeProblems(object);
    const problems = shape.length > 0 ? shape : [...metadataProblems(object), ...(isMachine(object) ? machineProblems(object, controlPlanes) : [])];
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
  if (typeof metadata.name !== 'string' || !SUBDOMAIN.test(metadata.name)) {
    problems.push({ path: ['metadata', 'name'], code: 'KUBEVIRT_NAME', what: `${JSON.stringify(metadata.name)} cannot be a name`, remedy: 'use lower-case letters, digits and hyphens' });
  }
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (!LABEL_VALUE.test(value)) problems.push({ path: ['metadata', 'labels', key], code: 'KUBEVIRT_LABEL', what: `${name(['metadata', 'labels', key])} cannot be ${JSON.stringify(value)}`, remedy: 'use at most 63 letters, digits, dots, hyphens and underscores' });
  }
  if (metadata.labels?.[LABEL.lease] === undefined) {
    problems.push({ path: ['metadata', 'labels'], code: 'KUBEVIRT_NO_LEASE_LABEL', what: `the object carries no label ${LABEL.lease}, so nobody could tell whose it is`, remedy: 'keep the labels of the template' });
  }
  if (kind !== 'Namespace' && metadata.namespace === undefined) {
    problems.push({ path: ['metadata'], code: 'KUBEVIRT_NO_NAMESPACE', what: 'the object names no namespace and would land anywhere', remedy: 'say namespace: ${namespace}' });
  }
  return problems;
}

function isMachine(object: KubeObject): object is VirtualMachine {
  return isRecord(object) && object.kind === 'VirtualMachine' && isRecord(object['spec']);
}

function title(object: unknown): string {
  if (!isRecord(object)) return 'the document';
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  return `${String(object['kind'])} ${String(metadata['name'])}`;
}
