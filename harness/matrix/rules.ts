import { etcdSource, kubernetesSource, listed } from './axis.ts';
import { AXES, type Axis } from './cell.ts';
import { existenceProblems } from './existence.ts';
import { repeated, type Problem } from './problem.ts';
import { referenceProblems } from './references.ts';
import { TIERS, type MatrixDocument } from './schema.ts';
import { topologyProblems } from './topology.ts';

/** Everything wrong with a document that is valid in shape. What refers to a wrong name is not judged further. */
export function findProblems(document: MatrixDocument): Problem[] {
  const problems = [
    ...duplicates(document),
    ...sources(document),
    ...topologyProblems(document.axes.topology.values),
    ...referenceProblems(document),
  ];
  return problems.length > 0 ? problems : existenceProblems(document);
}

function duplicates(document: MatrixDocument): Problem[] {
  const key: Partial<Record<Axis, string>> = { topology: 'name' };
  return [
    ...AXES.flatMap((axis) =>
      repeated(listed(document, axis), (index) => ['axes', axis, 'values', index, ...(key[axis] === undefined ? [] : [key[axis]])], `${axis}`)),
    ...repeated(document.constraints.map(({ name }) => name), (index) => ['constraints', index, 'name'], 'constraint'),
    ...repeated(document.suites, (index) => ['suites', index], 'suite'),
    ...TIERS.flatMap((tier) => [
      ...repeated(document.tiers[tier].suites ?? [], (index) => ['tiers', tier, 'suites', index], 'suite'),
      ...AXES.flatMap((axis) => {
        const choice = document.tiers[tier].axes[axis];
        return Array.isArray(choice) ? repeated(choice, (index) => ['tiers', tier, 'axes', axis, index], axis) : [];
      }),
    ]),
  ];
}

/** A listed version that no row has, and that is no release either. */
function sources(document: MatrixDocument): Problem[] {
  const sourceOf = { kubernetes: kubernetesSource, etcd: etcdSource };
  return (['kubernetes', 'etcd'] as const).flatMap((axis) =>
    document.axes[axis].values.flatMap((version, index) =>
      sourceOf[axis](document, version) !== undefined
        ? []
        : [{
            path: ['axes', axis, 'values', index],
            code: 'MATRIX_VERSION_WITHOUT_SOURCE',
            what: `nothing says where ${axis} ${version} comes from`,
            remedy: `give it a row with a source in ${document.versions.file}; releases have full versions alone, such as 1.34.1`,
          }]));
}
