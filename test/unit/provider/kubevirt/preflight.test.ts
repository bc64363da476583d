import { expect, test } from 'vitest';
import { refuseImpossible } from '../../../../harness/provider/kubevirt/preflight.ts';
import { parseSite, type Site } from '../../../../harness/provider/kubevirt/site.ts';
import { fakeApi, json, status } from './kube/fake-api.ts';

function site(change: Record<string, unknown> = {}): Site {
  const spec = { images: { 'debian-12': { type: 'claim', namespace: 'images', name: 'debian-12' } }, seeds: 'baked', network: { type: 'bridge' }, ...change };
  return parseSite(JSON.stringify({ apiVersion: 'proofgrid.dev/v1alpha1', kind: 'Site', metadata: { name: 'test' }, spec }), 'site.yaml');
}
const wish = { cell: 'c', machines: [{ name: 'm1', cpus: 1, memory: 2 ** 30 }], os: 'debian-12', seeds: [{ source: '', target: '/opt/seed/images' }], virtualAddress: false };

/** A cluster that answers 404, or another status, for these groups. */
const cluster = (absent: readonly string[], code = 404) => fakeApi((request, response) => {
  if (absent.some((group) => request.url?.includes(group) === true)) return json(response, code, status(code, 'no'));
  json(response, 200, { kind: 'APIResourceList' });
});

test('a cluster with KubeVirt and CDI is fine', async () => {
  const { client, requests } = await cluster([]);
  await refuseImpossible({ client, site: site() }, [wish]);
  expect(requests.map(({ url }) => url)).toEqual(['/apis/kubevirt.io/v1', '/apis/cdi.kubevirt.io/v1beta1']);
});

test.each([['KubeVirt', 'kubevirt.io/v1'], ['CDI', 'cdi.kubevirt.io']])('a cluster without %s is the wrong one', async (part, group) => {
  const { client } = await cluster([`/apis/${group}`]);
  await expect(refuseImpossible({ client, site: site() }, [wish])).rejects.toMatchObject({ code: 'KUBEVIRT_MISSING', fault: 'usage', what: expect.stringContaining(`has no ${part}`) });
});

test('CDI is not asked for where no disk needs it; who may not look goes on', async () => {
  const images = { 'debian-12': { type: 'container-disk', image: 'registry.example.com/debian' } };
  const { client } = await cluster(['/apis/cdi.kubevirt.io']);
  await refuseImpossible({ client, site: site({ images }) }, [wish]);
  const forbidden = await cluster(['/apis/'], 403);
  await refuseImpossible({ client: forbidden.client, site: site() }, [wish]);
});

test.each([
  ['an operating system without an image', {}, { os: 'debian-13' }, 'SITE_WITHOUT_IMAGE'],
  ['binaries that no image has', { seeds: 'none' }, {}, 'LEASE_REQUEST_IMPOSSIBLE'],
  ['a second family of addresses', {}, { dualStack: true }, 'LEASE_REQUEST_IMPOSSIBLE'],
  ['routed pods on a pod network', {}, { machines: ['m1', 'm2'].map((name) => ({ name, cpus: 1, memory: 2 ** 30 })), podNetwork: 'host-gw' }, '--set network=vxlan'],
  ['an address that does not exist', {}, { virtualAddress: true }, 'VIRTUAL_ADDRESS_UNAVAILABLE'],
])('%s is refused before anybody is asked', async (_name, change, wanted, code) => {
  const { client, requests } = await cluster([]);
  const error: unknown = await refuseImpossible({ client, site: site(change) }, [{ ...wish, ...wanted }]).catch((reason: unknown) => reason);
  expect(String(error)).toContain(code);
  expect(requests).toEqual([]);
});

test.each([
  ['pods in packets of the machines', 2, 'vxlan', { type: 'bridge' }],
  ['a single machine, between which and none nothing is routed', 1, 'host-gw', { type: 'bridge' }],
  ['a network of layer 2', 2, 'host-gw', { type: 'multus', definition: 'proofgrid/cells', subnet: '192.0.2.0/24', first: '192.0.2.16', last: '192.0.2.31' }],
])('%s: taken', async (_name, count, podNetwork, network) => {
  const { client } = await cluster([]);
  const machines = Array.from({ length: count }, (_, index) => ({ name: `m${index + 1}`, cpus: 1, memory: 2 ** 30 }));
  await expect(refuseImpossible({ client, site: site({ network }) }, [{ ...wish, machines, podNetwork }])).resolves.toBeUndefined();
});
