import { newestOfEachMinor, possible, settable, valuesOf } from './settable.ts';

/** A cell that `npm run test:full` runs. */
export interface FullCell {
  readonly title: string;
  readonly topology: string;
  /** Words of `--set`. */
  readonly set: readonly string[];
}

const minors = newestOfEachMinor();
/** A network that is the user's own manifest needs that manifest. */
const networks = valuesOf('network').filter((network) => network !== 'manifest');
const releases = valuesOf('runtime').filter((runtime) => runtime.startsWith('containerd-'));

/** What `npm test` leaves out: every minor, network, system, proxy mode, etcd and engine at least once, whatever the matrix lists. */
export const FULL_CELLS: readonly FullCell[] = [
  ...minors.map((kubernetes, index) => cell('small', [`kubernetes=${kubernetes}`, `network=${networks[index % networks.length]}`])),
  ...notDefault('os').map((os) => cell('small', [`os=${os}`])),
  ...releases.map((runtime) => cell('small', [`runtime=${runtime}`])),
  ...notDefault('proxy').map((proxy) => cell('small', [`proxy=${proxy}`])),
  ...notDefault('families').map((families) => cell('small', [`families=${families}`])),
  ...notDefault('etcd').map((etcd) => cell('all-in-one', [`kubernetes=${newestWith(etcd)}`, `etcd=${etcd}`])),
  cell('small', [`kubernetes=${minors[0]}`, 'runtime=docker']),
];

function cell(topology: string, wanted: readonly string[]): FullCell {
  const set = settable(topology, wanted);
  return { title: `${topology} with ${set.join(', ')}`, topology, set };
}

function notDefault(axis: Parameters<typeof valuesOf>[0]): readonly string[] {
  return valuesOf(axis, { withoutDefault: true });
}

/** The newest Kubernetes that goes with an etcd. */
function newestWith(etcd: string): string {
  const found = minors.toReversed().find((kubernetes) => possible('all-in-one', [`kubernetes=${kubernetes}`, `etcd=${etcd}`]));
  if (found === undefined) throw new Error(`no Kubernetes goes with etcd ${etcd}`);
  return found;
}
