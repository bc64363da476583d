import path from 'node:path';
import { stringify } from 'yaml';
import type { Role } from '../../../lifecycle/cluster-deployment.ts';
import type { Location } from '../../../lifecycle/error.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import type { Path } from '../../../lifecycle/location.ts';
import type { Owner } from '../contract.ts';
import type { CellAddresses } from './addresses.ts';
import type { KubeObject } from './objects.ts';
import type { Site } from './site.ts';
import { fill, readTemplate, type Filled, type Values } from './template.ts';
import { refuseInvalid } from './validate.ts';
import { cellValues, machineValues, type MachineValues } from './values.ts';

export interface CellMachine {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Cores, fractions allowed. */
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** ed25519, OpenSSH's formats. The private part goes nowhere but into the machine's Secret. */
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
}

export interface RunnerPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/** Everything that one cell's objects are made of, beside the site. */
export interface CellObjects {
  readonly lease: string;
  readonly cell: string;
  /** Value of the matrix' axis os; chooses the golden image. */
  readonly os: string;
  readonly owner: Owner & { readonly pidNamespace?: string };
  readonly created: Date;
  /** Milliseconds. */
  readonly timeToLive: number;
  readonly kept?: boolean;
  readonly runnerPod?: RunnerPod;
  readonly machines: readonly CellMachine[];
  /** Public line of the run's key. */
  readonly authorizedKey: string;
  /** Needed by Multus sites, from `blockAddresses`. */
  readonly addresses?: CellAddresses;
}

export interface RenderedObject {
  readonly object: KubeObject;
  /** Where in the templates the value at `path` comes from. */
  readonly locate: (path: Path) => Location;
}

const CELL_TEMPLATES = ['namespace', 'runner-lease', 'resource-quota', 'limit-range', 'network-policies'] as const;
const MACHINE_TEMPLATES = ['cloud-init-secret', 'root-disk', 'etcd-disk', 'virtual-machine'] as const;

export const shippedTemplates = path.join(packageRoot, 'vm-templates');

/** The objects of a cell in the order in which they are to be created, valid by KubeVirt's schema and by our rules. */
export function renderCell(request: CellObjects, site: Site, templates: string = shippedTemplates): KubeObject[] {
  const rendered = renderUnchecked(request, site, templates);
  refuseInvalid(rendered);
  return rendered.map(({ object }) => object);
}

/** The same before it is validated, with the places that errors name. */
export function renderUnchecked(request: CellObjects, site: Site, templates: string = shippedTemplates): RenderedObject[] {
  const shared = cellValues(request, site);
  const template = (name: string) => readTemplate(path.join(templates, `${name}.yaml`));
  const render = (name: string, values: Values) => fill(template(name), values).map(asObject);
  return [
    ...CELL_TEMPLATES.flatMap((name) => render(name, shared)),
    ...request.machines.flatMap((machine) => {
      const values = { ...shared, machine: machineValues(machine, request, site) };
      const userData = document(fill(template('cloud-init/user-data'), values), '#cloud-config\n');
      const networkData = site.network.type === 'bridge' ? {} : { networkData: document(fill(template('cloud-init/network-data'), values)) };
      const complete: Values & { machine: MachineValues } = { ...values, machine: { ...values.machine, userData, ...networkData } };
      return MACHINE_TEMPLATES.flatMap((name) => render(name, complete));
    }),
  ];
}

function asObject({ value, locate }: Filled): RenderedObject {
  return { object: value as KubeObject, locate };
}

/** Base64 of a cloud-init document; YAML 1.1, as cloud-init reads it with PyYAML. */
function document(filled: readonly Filled[], header = ''): string {
  const text = header + filled.map(({ value }) => stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
  return Buffer.from(text).toString('base64');
}
