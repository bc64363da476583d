import { isReservedMachineName } from '../../lifecycle/cluster-rules.ts';
import type { MatrixDocument } from './schema.ts';
import { repeated, type Problem } from './problem.ts';
import { bytes, cores } from './quantity.ts';

type Topology = MatrixDocument['axes']['topology']['values'][number];

/** Below this systemd, a runtime and a kubelet do not fit; far below it a unit was forgotten. */
const LEAST_MEMORY = 256 * 2 ** 20;
const LEAST_CPUS = 0.1;

/** Layouts that no cluster can have. */
export function topologyProblems(topologies: readonly Topology[]): Problem[] {
  return topologies.flatMap((topology, index) => {
    const path = ['axes', 'topology', 'values', index, 'machines'];
    return [
      ...repeated(topology.machines.map(({ name }) => name), (machine) => [...path, machine, 'name'], 'machine'),
      ...topology.machines.flatMap((machine, position) => [
        ...repeated(machine.roles, (role) => [...path, position, 'roles', role], 'role'),
        ...limitProblems(machine, [...path, position]),
        ...nameProblems(machine, [...path, position, 'name']),
      ]),
      ...roleProblems(topology, path),
    ];
  });
}

function nameProblems({ name }: Topology['machines'][number], path: readonly PropertyKey[]): Problem[] {
  if (!isReservedMachineName(name)) return [];
  return [{ path, code: 'MATRIX_NAME_RESERVED', what: `the name ${name} means something else to Ansible or to every machine`, remedy: `use another, such as ${name}-1` }];
}

function limitProblems({ memory, cpus }: Topology['machines'][number], path: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = [];
  if (bytes(memory) < LEAST_MEMORY) {
    problems.push({ path: [...path, 'memory'], code: 'MATRIX_LIMIT_TOO_SMALL', what: `${memory} of memory cannot hold a machine`, remedy: 'give it 256Mi or more; did you forget the unit, as in 3Gi?' });
  }
  if (cores(cpus) < LEAST_CPUS) {
    problems.push({ path: [...path, 'cpus'], code: 'MATRIX_LIMIT_TOO_SMALL', what: `${cpus} CPUs cannot run a machine`, remedy: 'give it 100m or more' });
  }
  return problems;
}

function roleProblems({ name, machines }: Topology, path: readonly PropertyKey[]): Problem[] {
  const count = (role: Topology['machines'][number]['roles'][number]) => machines.filter(({ roles }) => roles.includes(role)).length;
  const problems: Problem[] = [];
  if (count('etcd') % 2 === 0) {
    problems.push({ path, code: 'MATRIX_ETCD_QUORUM', what: `the topology ${name} has ${count('etcd')} etcd members`, remedy: 'give it an odd number, so that a majority survives a split' });
  }
  if (count('control-plane') === 0) {
    problems.push({ path, code: 'MATRIX_NO_CONTROL_PLANE', what: `no machine of the topology ${name} has the role control-plane`, remedy: 'give one of them that role' });
  }
  if (count('worker') === 0) {
    problems.push({ path, code: 'MATRIX_NO_WORKER', what: `no machine of the topology ${name} has the role worker, so no pod could run`, remedy: 'give one of them that role' });
  }
  return problems;
}
