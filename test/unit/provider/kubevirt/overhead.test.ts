import { expect, test } from 'vitest';
import type { VirtualMachine } from '../../../../harness/provider/kubevirt/objects.ts';
import { demandOf } from '../../../../harness/provider/kubevirt/request.ts';
import { renderCell } from '../../../../harness/provider/kubevirt/render.ts';
import { loadSite, parseSite, type Site } from '../../../../harness/provider/kubevirt/site.ts';
import { launcherContainers } from '../../../kubevirt/double/launcher-containers.ts';
import { quantity } from '../../../kubevirt/double/quantity.ts';
import { planned, site, siteWith, SITES, TOPOLOGIES } from './cells.ts';

type CellObjects = Awaited<ReturnType<typeof planned>>;

/** What the pods of a cell's machines have by KubeVirt's reckoning, against what its quota allows. */
function pods(request: CellObjects, chosen: Site) {
  const objects = renderCell(request, chosen);
  const { hard } = objects.find(({ kind }) => kind === 'ResourceQuota')?.['spec'] as { hard: Record<string, string> };
  const machines = objects.filter((object): object is VirtualMachine => object.kind === 'VirtualMachine');
  const containers = machines.flatMap(({ spec }) => launcherContainers(spec.template.spec));
  return (['requests', 'limits'] as const).flatMap((kind) => ['cpu', 'memory'].map((resource) => ({
    what: `${kind}.${resource}`,
    needed: containers.reduce((sum, { resources }) => sum + quantity(resources[kind]?.[resource] ?? 'missing'), 0),
    allowed: quantity(hard[`${kind}.${resource}`] ?? 'missing'),
  })));
}

const refused = (request: CellObjects, chosen: Site) => pods(request, chosen).filter(({ needed, allowed }) => needed > allowed + 1e-9);

const grown = (request: CellObjects, cpus: number, memory: number): CellObjects =>
  ({ ...request, machines: request.machines.map((machine) => ({ ...machine, cpus, memory })) });

const GIBIBYTE = 2 ** 30;

test.each(SITES.flatMap((name) => TOPOLOGIES.map((topology) => [name, topology] as const)))('site %s, topology %s: the quota has room for every pod with KubeVirt\'s overhead', async (name, topology) => {
  const chosen = await loadSite(name);
  const request = await planned(topology, chosen);
  expect(pods(request, chosen).map(({ needed }) => needed).every((needed) => needed > 0)).toBe(true);
  expect(refused(request, chosen)).toEqual([]);
  expect(refused(grown(request, 32, 256 * GIBIBYTE), chosen)).toEqual([]);
  expect(refused(grown(request, 0.5, GIBIBYTE / 4), chosen)).toEqual([]);
});

test('a site can say more than KubeVirt needs, and not less', async () => {
  const request = await planned('small', site('network: { type: bridge }'));
  const workers = 4 * 600e6;
  const quotaOf = (chosen: Site) => (pods(request, chosen).find(({ what }) => what === 'limits.memory')?.allowed ?? 0) - workers;
  const [none, usual, much] = ['1', '512Mi', '2Gi'].map((memory) => site('network: { type: bridge }', `overhead: { cpus: 0, memory: "${memory}" }`)) as [Site, Site, Site];
  expect(refused(request, none)).toEqual([]);
  expect(quotaOf(usual)).toBe(quotaOf(none));
  expect(quotaOf(much)).toBe(7 * GIBIBYTE + 3 * 2 * GIBIBYTE);
  expect(demandOf(request.machines, much).memory).toBe(quotaOf(much));
  expect(demandOf(request.machines, none).memory).toBe(quotaOf(none));
});

test('the quota has room for CDI\'s workers beside the machines, and without them where disks are filled before', async () => {
  const image = (more: string) => `images: { debian-12: { type: registry, url: "docker://r.example.com/d:1"${more} } }`;
  const chosen = (more: string, ...lines: string[]) => parseSite(siteWith(image(more), 'network: { type: bridge }', ...lines), 'mine.yaml');
  const request = grown(await planned('all-in-one', chosen('')), 0.5, 128 * 2 ** 20);
  const hard = (of: Site) => Object.fromEntries(pods(request, of).map(({ what, allowed }) => [what, allowed]));
  const early = 'storage: { bindImmediately: true }';
  const machine = hard(parseSite(siteWith('images: { debian-12: { type: container-disk, image: debian } }', 'network: { type: bridge }'), 'mine.yaml'));
  const beside = (workers: number) => ({ 'limits.cpu': (machine['limits.cpu'] ?? 0) + workers * 0.75, 'limits.memory': (machine['limits.memory'] ?? 0) + workers * 600e6, 'requests.cpu': expect.closeTo((machine['requests.cpu'] ?? 0) + workers * 0.1) as number });
  expect(hard(chosen(''))).toMatchObject(beside(2));
  expect(hard(chosen(', pullMethod: node'))).toMatchObject(beside(3));
  expect(hard(chosen('', early))).toMatchObject({ 'limits.cpu': 2 * 0.75, 'limits.memory': 2 * 600e6 });
  expect(hard(chosen(', pullMethod: node', early))).toMatchObject({ 'limits.cpu': 3 * 0.75, 'limits.memory': 3 * 600e6 });
});
