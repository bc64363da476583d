import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { imageOf, loadSite, parseSite } from '../../../../harness/provider/kubevirt/site.ts';
import { jsonSchemaText } from '../../../../harness/matrix/json-schema.ts';
import { packageRoot } from '../../../../lifecycle/root.ts';
import { IMAGES, SITES, site, siteWith } from './cells.ts';

const MULTUS = 'network: { type: multus, definition: cells/cells, subnet: 192.0.2.0/24, first: 192.0.2.16, last: 192.0.2.31, gateway: 192.0.2.1 }';

test.each(SITES)('the shipped site %s is valid and bears its name', async (name) => {
  expect((await loadSite(name)).name).toBe(name);
});

test('defaults', () => {
  expect(site('network: { type: bridge }')).toMatchObject({
    controlNamespace: 'proofgrid',
    seeds: 'none',
    storage: { root: '20Gi', etcd: '4Gi', bindImmediately: false },
    scheduling: { controlPlanes: 'required' },
    cpu: { overcommit: 1 },
  });
});

test.each([
  ['masquerade', [IMAGES, 'network: { type: masquerade }'], 'mine.yaml:6:20: masquerade gives every guest one and the same address, so the machines of a cluster could not reach each other; use bridge on the pod network, or a Multus network with static addresses [KUBEVIRT_MASQUERADE]'],
  ['unknown key', [IMAGES, 'network: { type: bridge }', 'storge: { root: 20Gi }'], 'mine.yaml:7:3: unknown key "storge" in spec; did you mean storage? [DOCUMENT_UNKNOWN_KEY]'],
  ['unit', [IMAGES, 'network: { type: bridge }', 'storage: { root: 20 }'], 'mine.yaml:7:20: spec.storage.root: must be a quantity such as 20Gi; put it in quotes: YAML reads it as something else [DOCUMENT_INVALID_VALUE]'],
  ['no image', ['images: {}', 'network: { type: bridge }'], 'mine.yaml:5:11: the site has no golden image; add one for each operating system [SITE_WITHOUT_IMAGE]'],
  ['address outside', [IMAGES, MULTUS.replace('first: 192.0.2.16', 'first: 198.51.100.1')], /^mine\.yaml:6:\d+: 198\.51\.100\.1 is not in the subnet 192\.0\.2\.0\/24/],
  ['no block', [IMAGES, MULTUS.replace('last: 192.0.2.31', 'last: 192.0.2.18')], /no room for a block of 8 addresses.*\[SITE_NO_BLOCK\]/],
  ['gateway in range', [IMAGES, MULTUS.replace('gateway: 192.0.2.1', 'gateway: 192.0.2.20')], /\[SITE_GATEWAY_IN_RANGE\]/],
  ['reserved label', [IMAGES, 'network: { type: bridge }', 'namespace: { labels: { proofgrid.dev/site: other } }'], /^mine\.yaml:7:\d+: the site mine sets proofgrid\.dev\/site, by which leases are told apart/],
])('a mistake is named with its place: %s', (_, lines, message) => {
  expect(() => parseSite(siteWith(...lines), 'mine.yaml')).toThrow(message);
});

test('an image that is missing is named where it belongs', () => {
  expect(() => imageOf(site('network: { type: bridge }'), 'debian-13')).toThrow('mine.yaml:5:11: the site mine has no golden image of debian-13; add one under spec.images.debian-13 [SITE_WITHOUT_IMAGE]');
});

test('an unknown site names the shipped ones', async () => {
  await expect(loadSite('nowhere')).rejects.toThrow('there is no site "nowhere"; name a file, or one of container-disk, default, multus, registry [SITE_UNKNOWN]');
});

test('the shipped JSON Schema is that of the code', async () => {
  expect(await readFile(path.join(packageRoot, 'schema', 'site.schema.json'), 'utf8')).toBe(jsonSchemaText('Site'));
});
