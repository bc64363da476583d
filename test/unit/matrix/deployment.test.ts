import { expect, test } from 'vitest';
import type { Binaries } from '../../../harness/artifact/contract.ts';
import { toClusterDeployment, type DeploymentInput } from '../../../harness/matrix/deployment.ts';
import { selectCells, type Wish } from '../../../harness/matrix/select.ts';
import { changed, parseMatrix } from './shipped.ts';

const digest = (character: string) => character.repeat(64);
const binaries = (version: string, names: string[]): Binaries => ({
  version,
  directory: `/cache/${version}`,
  sha256: Object.fromEntries(names.map((name) => [name, digest('a')])),
  digest: digest('b'),
  provenance: {},
});
/** No add-on but the one that a test is about. */
const none = { type: 'none', reason: 'not asked for here' };
const own = parseMatrix(changed({ 'axes.network.manifest': 'mine.yaml', dns: none, policy: none, metrics: none, storage: none }), '/m/matrix.yaml');

function input(wish: Wish, virtualAddress?: string): DeploymentInput {
  const [cell] = selectCells(own, wish);
  if (cell === undefined) throw new Error('no cell');
  return {
    cell,
    kubernetes: binaries('1.20.2+deb12u1', ['kubelet']),
    etcd: binaries('3.4.23', ['etcd', 'etcdctl']),
    images: {
      pause: {
        name: 'pause', reference: 'localhost/pause:1', directory: '/cache/images', file: 'pause.tar',
        sha256: digest('c'), provenance: {},
      },
      addOns: {},
    },
    seeds: {
      kubernetes: { source: '/cache/1.20.2+deb12u1', target: '/opt/seed/kubernetes/1.20.2+deb12u1' },
      engineComponents: {},
    },
    engineComponents: {},
    lease: { id: 'lease-1', ...(virtualAddress !== undefined && { virtualAddress }) },
  };
}

test('one control plane: the whole document', () => {
  expect(toClusterDeployment(input({ names: ['all-in-one'] }))).toMatchInlineSnapshot(`
    {
      "apiVersion": "proofgrid.dev/v1alpha1",
      "kind": "ClusterDeployment",
      "metadata": {
        "labels": {
          "proofgrid.dev/cell": "all-in-one-68b465b1",
          "proofgrid.dev/lease": "lease-1",
        },
        "name": "all-in-one-68b465b1",
      },
      "spec": {
        "addOns": [],
        "controlPlane": {
          "certSANs": [],
          "endpoint": {
            "port": 6443,
            "type": "direct",
          },
        },
        "dns": {
          "reason": "not asked for here",
          "type": "none",
        },
        "etcd": {
          "binaries": {
            "sha256": {
              "etcd": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "etcdctl": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            },
            "source": {
              "path": "/opt/etcd/3.4.23",
              "type": "directory",
            },
          },
          "version": "3.4.23",
        },
        "kubernetes": {
          "binaries": {
            "sha256": {
              "kubelet": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            },
            "source": {
              "path": "/opt/seed/kubernetes/1.20.2+deb12u1",
              "type": "directory",
            },
          },
          "version": "1.20.2+deb12u1",
        },
        "machines": [
          {
            "name": "node-1",
            "roles": [
              "etcd",
              "control-plane",
              "worker",
            ],
          },
        ],
        "metrics": {
          "reason": "not asked for here",
          "type": "none",
        },
        "network": {
          "plugin": "host-gw",
          "podCIDR": "10.244.0.0/16",
          "policy": {
            "reason": "not asked for here",
            "type": "none",
          },
          "proxyMode": "iptables",
          "serviceCIDR": "10.96.0.0/16",
        },
        "runtime": {
          "images": [
            {
              "path": "/opt/seed/images/pause/pause.tar",
              "reference": "localhost/pause:1",
              "sha256": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
            },
          ],
          "name": "containerd",
          "pauseImage": "localhost/pause:1",
        },
        "storage": {
          "reason": "not asked for here",
          "type": "none",
        },
      },
    }
  `);
});

test('several control planes share the virtual address of the lease', () => {
  const { spec } = toClusterDeployment(input({ names: ['ha'], set: ['kubernetes=1.20', 'etcd=3.4', 'runtime=docker', 'network=vxlan'] }, '10.0.0.100'));
  expect(spec.controlPlane.endpoint).toEqual({ type: 'virtual-address', address: '10.0.0.100', port: 8443 });
  expect(spec.runtime.name).toBe('docker');
  expect(spec.network).toMatchObject({ plugin: 'vxlan' });
  expect(spec.machines).toHaveLength(5);
});

test('without a virtual address several control planes are refused', () => {
  expect(() => toClusterDeployment(input({ names: ['ha'] }))).toThrow(expect.objectContaining({ code: 'LEASE_WITHOUT_VIRTUAL_ADDRESS', fault: 'infrastructure' }));
});

test("the user's manifest comes along", () => {
  const { spec } = toClusterDeployment(input({ names: ['small'], set: ['network=manifest'] }));
  expect(spec.network).toMatchObject({ plugin: 'manifest', manifest: '/m/mine.yaml' });
});

test('what makes no valid document is an error and not a broken cluster', () => {
  const broken = input({ names: ['small'] });
  expect(() => toClusterDeployment({ ...broken, etcd: { ...broken.etcd, sha256: { etcd: 'no digest' } } })).toThrow(
    expect.objectContaining({ code: 'CELL_NOT_DEPLOYABLE', message: expect.stringContaining('spec.etcd.binaries.sha256.etcd: must be a SHA-256') as string }),
  );
});

test('the images of add-ons are preloaded, and the document names them', () => {
  const made = input({ names: ['small'] });
  const cell = { ...made.cell, addOns: { ...made.cell.addOns, dns: { type: 'coredns' as const, version: '1.12.4' } } };
  const coredns = {
    name: 'coredns', reference: 'localhost/coredns:1.12.4', directory: '/cache/coredns', file: 'coredns.tar',
    sha256: digest('d'), provenance: {},
  };
  const { spec } = toClusterDeployment({ ...made, cell, images: { ...made.images, addOns: { coredns } } });
  expect(spec.dns).toEqual({ type: 'coredns', image: 'localhost/coredns:1.12.4', upstreamNameservers: [], stubDomains: { 'proofgrid.test': ['10.96.0.53'] } });
  expect(spec.runtime.images.map(({ path }) => path)).toEqual(['/opt/seed/images/pause/pause.tar', '/opt/seed/images/coredns/coredns.tar']);
  expect(() => toClusterDeployment({ ...made, cell })).toThrow('no image of coredns was made');
});

test('an engine that comes as a release: its version, executables and where the machines see them', () => {
  const released = binaries('27.5.1', ['dockerd']);
  const seed = { source: '/cache/27.5.1', target: '/opt/seed/docker/27.5.1' };
  const whole = input({ names: ['all-in-one'], set: ['kubernetes=1.20', 'etcd=3.4', 'runtime=docker'] });
  expect(toClusterDeployment({ ...whole, runtime: released, seeds: { ...whole.seeds, runtime: seed } }).spec.runtime).toMatchObject({
    name: 'docker',
    version: '27.5.1',
    binaries: { source: { type: 'directory', path: '/opt/seed/docker/27.5.1' }, sha256: { dockerd: digest('a') } },
  });
  expect(toClusterDeployment(whole).spec.runtime).not.toHaveProperty('binaries');
});

test('what goes with a release of an engine: CNI plugins with the network, crictl with the engine', () => {
  const whole = input({ names: ['all-in-one'], set: ['runtime=containerd-2.4.2'] });
  const engineComponents = { 'cni-plugins': binaries('1.10.0', ['bridge', 'portmap']), crictl: binaries('1.37.0', ['crictl']) };
  const seeds = { ...whole.seeds, engineComponents: { 'cni-plugins': { source: '/cache/1.10.0', target: '/opt/seed/cni-plugins/1.10.0' }, crictl: { source: '/cache/1.37.0', target: '/opt/seed/crictl/1.37.0' } } };
  const { network, runtime } = toClusterDeployment({ ...whole, engineComponents, seeds }).spec;
  expect(network.plugins).toEqual({ version: '1.10.0', binaries: { source: { type: 'directory', path: '/opt/seed/cni-plugins/1.10.0' }, sha256: { bridge: digest('a'), portmap: digest('a') } } });
  expect(runtime.crictl).toEqual({ version: '1.37.0', binaries: { source: { type: 'directory', path: '/opt/seed/crictl/1.37.0' }, sha256: { crictl: digest('a') } } });
  const without = toClusterDeployment(whole).spec;
  expect(without.network).not.toHaveProperty('plugins');
  expect(without.runtime).not.toHaveProperty('crictl');
});

test('a dual-stack cell has an IPv6 network beside each IPv4 one', () => {
  const given = input({ names: ['all-in-one'], set: ['families=dual-stack'] });
  const { network } = toClusterDeployment({ ...given, kubernetes: binaries('1.37.2', ['kubelet']) }).spec;
  expect(network).toMatchObject({ podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/16,fd00:10:96::/112' });
});

test('a dual-stack cell has no kube-router, and says why', () => {
  const matrix = parseMatrix(changed({}), '/m/matrix.yaml');
  const policies = ['ipv4', 'dual-stack'].map((families) => selectCells(matrix, { names: ['small'], set: [`families=${families}`] })[0]?.addOns.policy);
  expect(policies).toEqual([{ type: 'kube-router', version: '2.1.0' }, { type: 'none', reason: expect.stringContaining('kube-router/issues/1653') as string }]);
});
