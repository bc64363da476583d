import { expect, test } from 'vitest';
import { REGISTRY_IMAGE } from '../../../harness/existing/ready-context.ts';
import { buildCell } from '../../../harness/matrix/build.ts';
import type { ImageSources } from '../../../harness/matrix/images.ts';
import { withDefaults } from '../../../harness/matrix/axis.ts';
import { parseVersions, withSource } from '../../../harness/matrix/versions/table.ts';
import { changed, changedVersions, parseMatrix } from './shipped.ts';

function imagesOf(
  source: 'go-module' | 'upstream',
  changes: Readonly<Record<string, unknown>> = {},
  axes: object = {},
): ImageSources | undefined {
  const versions = withSource(parseVersions(changedVersions(changes), 'v.yaml'), source);
  const matrix = parseMatrix(changed({}), 'm.yaml', versions);
  return buildCell(matrix, withDefaults(matrix.document, { topology: 'small', network: 'flannel-vxlan', ...axes }), [])
    .images;
}
const addresses = (images: ImageSources = {}) =>
  Object.fromEntries(
    Object.entries(images).map(
      ([
        name,
        {
          image: { url, tag },
        },
      ]) => [name, `${url}:${tag}`],
    ),
  );

test('images that are built come from nowhere', () => {
  expect(imagesOf('go-module')).toBeUndefined();
  expect(imagesOf('upstream', { images: undefined })).toBeUndefined();
});

test('with source upstream a cell has its images from where their projects publish them', () => {
  expect(addresses(imagesOf('upstream'))).toEqual({
    pause: 'https://registry.k8s.io/pause:3.10.2',
    agnhost: 'https://registry.k8s.io/e2e-test-images/agnhost:2.66.1',
    coredns: 'https://registry.k8s.io/coredns/coredns:v1.14.6',
    'kube-router': 'https://docker.io/cloudnativelabs/kube-router:v2.1.0',
    'metrics-server': 'https://registry.k8s.io/metrics-server/metrics-server:v0.8.0',
    flannel: 'https://ghcr.io/flannel-io/flannel:v0.27.4',
  });
  expect(
    addresses(imagesOf('upstream', {}, { network: 'vxlan', kubernetes: '1.20.2+deb12u1', runtime: 'containerd' })),
  ).toEqual({
    pause: 'https://registry.k8s.io/pause:3.10.2',
    agnhost: 'https://registry.k8s.io/e2e-test-images/agnhost:2.66.1',
    coredns: 'https://registry.k8s.io/coredns/coredns:v1.10.1',
  });
});

test('what the playbooks start in flannel lies elsewhere in its image, or in another one', () => {
  expect(imagesOf('upstream')?.flannel).toEqual({
    version: '0.27.4',
    image: { url: 'https://ghcr.io/flannel-io/flannel', tag: 'v0.27.4' },
    links: { '/flanneld': '/opt/bin/flanneld' },
    files: {
      '/flannel': {
        image: { url: 'https://ghcr.io/flannel-io/flannel-cni-plugin', tag: 'v1.8.0-flannel1' },
        path: '/flannel',
      },
    },
  });
});

test('a site behind a mirror names its registries once, and a digest is recorded by its tag', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const images = imagesOf('upstream', {
    'images.registries': { 'registry.k8s.io': 'https://mirror.example/k8s/', 'ghcr.io': 'http://127.0.0.1:5000' },
    'images.coredns.digests': { 'v1.14.6': digest, 'v1.10.1': `sha256:${'b'.repeat(64)}` },
    'images.metrics-server.tag': 'constructor',
  });
  expect(images?.coredns?.image).toEqual({ url: 'https://mirror.example/k8s/coredns/coredns', tag: 'v1.14.6', digest });
  expect(images?.['metrics-server']?.image).toEqual({
    url: 'https://mirror.example/k8s/metrics-server/metrics-server',
    tag: 'constructor',
  });
  expect(images?.flannel?.image.url).toBe('http://127.0.0.1:5000/flannel-io/flannel');
  expect(images?.flannel?.files['/flannel']?.image.url).toBe('http://127.0.0.1:5000/flannel-io/flannel-cni-plugin');
  expect(images?.['kube-router']?.image.url).toBe('https://docker.io/cloudnativelabs/kube-router');
});

test('an image of ours is pulled too where a site publishes it, and built where it has no row', () => {
  const own = { image: 'registry.example/proofgrid/local-volumes' };
  expect(imagesOf('upstream')?.['local-volumes']).toBeUndefined();
  expect(imagesOf('upstream', { 'images.local-volumes': own })?.['local-volumes']?.image).toEqual({
    url: 'https://registry.example/proofgrid/local-volumes',
    tag: '13.1.0',
  });
});

test('checks of any cluster pull the agnhost that cells have', () => {
  const image = imagesOf('upstream')?.agnhost?.image;
  expect(`${image?.url}:${image?.tag}`).toBe(`https://${REGISTRY_IMAGE}`);
});
