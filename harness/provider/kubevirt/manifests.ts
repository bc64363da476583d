import { stringify } from 'yaml';
import type { Cell } from '../../matrix/cell.ts';
import { blockAddresses } from './addresses.ts';
import type { KubeObject } from './objects.ts';
import { renderCell, type CellObjects } from './render.ts';
import { isUnroutable } from './request.ts';
import type { Site } from './site.ts';

/** Stands for what each lease makes anew. No secret is ever printed: there is none yet. */
const LEASE = '0123456789ab';
const PLACEHOLDER_KEY = 'ssh-ed25519 AAAA made-by-the-run';

/** What cells will create, as `kubectl apply` reads it; only names and keys that a lease makes are placeholders. */
export function cellManifests(cells: readonly Cell[], site: Site): { readonly manifests: string; readonly warnings: readonly string[] } {
  const documents = cells.flatMap((cell) => renderCell(plannedObjects(cell, site), site).map((object) => document(cell, object)));
  return { manifests: documents.join(''), warnings: cells.flatMap((cell) => warningsOf(cell, site)) };
}

/** A lease as it will be, with `0123456789ab` as its id. */
export function plannedObjects({ slug, axes, machines }: Cell, { network }: Site): CellObjects {
  const names = machines.map(({ name }) => name);
  return {
    lease: LEASE,
    cell: slug,
    os: axes.os,
    owner: { run: 'planned', pid: 1, startTime: '0', bootId: 'planned' },
    created: new Date(0),
    timeToLive: 120_000,
    machines: machines.map(({ name, roles, cpus, memory }) => ({
      ...{ name, roles, cpus, memory },
      hostKey: { privateKey: 'made by the run\n', publicKey: PLACEHOLDER_KEY },
    })),
    authorizedKey: PLACEHOLDER_KEY,
    ...(network.type === 'multus' && { addresses: blockAddresses(network, 0, names) }),
  };
}

function document(cell: Cell, object: KubeObject): string {
  return `---\n# cell ${cell.slug}\n${stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function warningsOf({ slug, machines, axes }: Cell, { name, network }: Site): string[] {
  const routed = isUnroutable({ machines, podNetwork: axes.network }, { network }) ? [`warning: a run would refuse ${slug}: the site ${name} does not carry the pods of the network ${axes.network} between machines (--set network=vxlan, or a Multus network)`] : [];
  const several = machines.filter(({ roles }) => roles.includes('control-plane')).length > 1;
  if (!several || network.type === 'multus' || network.virtualAddresses !== undefined) return routed;
  return [...routed, `warning: a run would refuse ${slug}: its control planes need an address that moves between them, and the site ${name} has none (spec.network.virtualAddresses, or a Multus network)`];
}
