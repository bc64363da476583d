import { ProofgridError } from '../../lifecycle/error.ts';
import { addOnsOf } from './add-ons.ts';
import { etcdSource, kubernetesSource, perAxis, type AxisValues } from './axis.ts';
import type { Cell, TopologyMachine } from './cell.ts';
import { engineComponentsOf } from './engine-components.ts';
import { imageSourcesOf } from './images.ts';
import type { Matrix } from './load.ts';
import { notesOf } from './notes.ts';
import { bytes, cores } from './quantity.ts';
import { runtimeOf } from './runtime.ts';
import { slugOf } from './slug.ts';

/** The cell of a combination whose values the matrix accepts. */
export function buildCell(matrix: Matrix, axes: AxisValues, suites: readonly string[]): Cell {
  const { document, networkManifest } = matrix;
  const { runtime, source } = runtimeOf(document, axes.runtime);
  const addOns = addOnsOf(document, axes);
  const images = imageSourcesOf(document.versions, addOns);
  return {
    slug: slugOf(axes),
    axes: perAxis((axis) => axes[axis]),
    runtime,
    machines: machinesOf(matrix, axes.topology),
    suites,
    sources: {
      kubernetes: kubernetesSource(document, axes.kubernetes) ?? unsourced('kubernetes', axes.kubernetes),
      etcd: etcdSource(document, axes.etcd) ?? unsourced('etcd', axes.etcd),
      ...(source !== undefined && { runtime: source }),
      ...engineComponentsOf(document, axes),
    },
    ...(axes.network === 'manifest' && networkManifest !== undefined && { networkManifest }),
    ...(images !== undefined && { images }),
    addOns,
    notes: notesOf(document, axes),
  };
}

function machinesOf({ document }: Matrix, topology: string): readonly TopologyMachine[] {
  const machines = document.axes.topology.values.find(({ name }) => name === topology)?.machines ?? [];
  return machines.map(({ name, roles, cpus, memory }) => ({ name, roles, cpus: cores(cpus), memory: bytes(memory) }));
}

function unsourced(axis: string, version: string): never {
  throw new ProofgridError({ code: 'MATRIX_VERSION_WITHOUT_SOURCE', fault: 'usage', what: `nothing says where ${axis} ${version} comes from`, remedy: 'give it a row in the versions file' });
}
