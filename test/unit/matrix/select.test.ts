import { expect, test } from 'vitest';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { selectCells, type Wish } from '../../../harness/matrix/select.ts';
import { withSource } from '../../../harness/matrix/versions/table.ts';
import { changed, parseMatrix, shippedMatrix, shippedVersions } from './shipped.ts';

const matrix = shippedMatrix();

function refusal(wish: Wish): ProofgridError {
  try {
    selectCells(matrix, wish);
  } catch (error) {
    if (error instanceof ProofgridError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('without any wish: the tier smoke', () => {
  expect(selectCells(matrix, {})).toEqual([
    {
      slug: expect.stringMatching(/^all-in-one-[0-9a-f]{8}$/) as string,
      axes: { os: 'debian-12', kubernetes: '1.37.2', runtime: 'containerd', etcd: '3.6.16', network: 'host-gw', proxy: 'iptables', families: 'ipv4', topology: 'all-in-one' },
      runtime: 'containerd',
      machines: [{ name: 'node-1', roles: ['etcd', 'control-plane', 'worker'], cpus: 2, memory: 3 * 2 ** 30 }],
      suites: ['lifecycle', 'e2e'],
      sources: { kubernetes: { type: 'go-module', version: '1.37.2' }, etcd: { type: 'go-module', version: '3.6.16' } },
      addOns: {
        dns: { type: 'coredns', version: '1.14.6' },
        policy: { type: 'none', reason: 'the matrix has kube-router on the topologies small, ha alone' },
        metrics: { type: 'none', reason: 'the matrix has metrics-server on the topologies small, ha alone' },
        storage: { type: 'none', reason: 'the matrix has local-volumes on the topologies small, ha alone' },
      },
      notes: [],
    },
  ]);
});

test('clusters of several nodes have every add-on', () => {
  const [cell] = selectCells(matrix, { names: ['small'] });
  expect(cell?.addOns).toEqual({
    dns: { type: 'coredns', version: '1.14.6' },
    policy: { type: 'kube-router', version: '2.1.0' },
    metrics: { type: 'metrics-server', version: '0.8.0' },
    storage: { type: 'local-volumes', version: '13.1.0' },
  });
});

test('a topology has the default on every other axis, and --set chooses another', () => {
  const [cell] = selectCells(matrix, { names: ['ha'], set: ['os=debian-13', 'runtime=containerd-2.4', 'kubernetes=1.36', 'etcd=3.6'] });
  expect(cell?.axes).toEqual({ os: 'debian-13', kubernetes: '1.36.3', runtime: 'containerd-2.4.2', etcd: '3.6.16', network: 'host-gw', proxy: 'iptables', families: 'ipv4', topology: 'ha' });
  expect(cell?.machines.map(({ name }) => name)).toEqual(['control-plane-1', 'control-plane-2', 'control-plane-3', 'worker-1', 'worker-2']);
});

test('a slug names the very cell, and a cell named twice runs once', () => {
  const [cell] = selectCells(matrix, { names: ['small'], set: ['network=vxlan'] });
  const again = selectCells(matrix, { names: [cell?.slug ?? '', cell?.slug ?? ''] });
  expect(again).toEqual([cell]);
});

test('any full version comes from Go modules, or from upstream, and its cell says that no row has it', () => {
  const wish = { names: ['small'], set: ['kubernetes=1.33.6', 'etcd=3.5.16'] };
  const [cell] = selectCells(matrix, wish);
  expect(cell?.sources).toEqual({ kubernetes: { type: 'go-module', version: '1.33.6' }, etcd: { type: 'go-module', version: '3.5.16' } });
  expect(cell?.notes).toEqual([
    'Kubernetes 1.33.6 is not in matrix/versions.yaml: it comes from Go modules, and what it needs is taken from the nearest rows',
    'etcd 3.5.16 is not in matrix/versions.yaml: it comes from Go modules',
  ]);
  const [downloaded] = selectCells(parseMatrix(changed({}), 'm.yaml', withSource(shippedVersions, 'upstream')), wish);
  expect(downloaded?.sources).toEqual({
    kubernetes: { type: 'upstream', url: 'https://dl.k8s.io/release', version: '1.33.6' },
    etcd: { type: 'upstream', url: 'https://github.com/etcd-io/etcd/releases/download', version: '3.5.16' },
  });
  expect(downloaded?.slug).toBe(cell?.slug);
});

test('the source of releases changes nothing that comes from Debian', () => {
  const wish = { names: ['all-in-one'], set: ['kubernetes=1.20', 'etcd=3.4'] };
  const [one] = selectCells(matrix, wish);
  const [other] = selectCells(parseMatrix(changed({}), 'm.yaml', withSource(shippedVersions, 'upstream')), wish);
  const { images: _, ...rest } = other ?? {};
  expect(rest).toEqual(one);
  expect(one?.sources.kubernetes.type).toBe('debian-source');
});

test.each([
  ['kubernetes=latest', '1.37.2'],
  ['kubernetes=1.36', '1.36.3'],
  ['kubernetes=1.20', '1.20.2+deb12u1'],
])('the alias %s is %s, and its cell is that one', (alias, version) => {
  const old = version.startsWith('1.20') ? ['etcd=3.4'] : ['etcd=3.6'];
  const [cell] = selectCells(matrix, { names: ['small'], set: [alias, ...old] });
  expect(cell?.axes.kubernetes).toBe(version);
  expect([cell]).toEqual(selectCells(matrix, { names: ['small'], set: [`kubernetes=${version}`, ...old] }));
});

test("add-ons have the version of the cell's Kubernetes, or say why there are none", () => {
  const all = parseMatrix(changed({ dns: { type: 'coredns' }, policy: { type: 'kube-router' }, metrics: { type: 'metrics-server' }, storage: { type: 'local-volumes' } }), 'm.yaml');
  const addOns = (...set: string[]) => selectCells(all, { names: ['small'], set })[0]?.addOns;
  expect(addOns('kubernetes=1.37', 'etcd=3.6', 'network=flannel-vxlan')).toEqual({
    dns: { type: 'coredns', version: '1.14.6' },
    policy: { type: 'kube-router', version: '2.1.0' },
    metrics: { type: 'metrics-server', version: '0.8.0' },
    storage: { type: 'local-volumes', version: '13.1.0' },
    flannel: '0.27.4',
  });
  expect(addOns('kubernetes=1.20', 'etcd=3.4')).toEqual({
    dns: { type: 'coredns', version: '1.10.1' },
    policy: { type: 'none', reason: expect.stringContaining('discovery.k8s.io/v1, which Kubernetes serves from 1.21 on (https://') as string },
    metrics: { type: 'none', reason: expect.stringContaining('1.31 and later') as string },
    storage: { type: 'local-volumes', version: '13.1.0' },
  });
  const own = parseMatrix(changed({ dns: { type: 'coredns', image: 'registry.example/coredns:1.11.1' } }), 'm.yaml');
  expect(selectCells(own, { names: ['small'] })[0]?.addOns.dns).toEqual({ type: 'coredns', image: 'registry.example/coredns:1.11.1' });
});

test('--set narrows a tier', () => {
  const cells = selectCells(matrix, { tier: 'nightly', set: ['os=debian-13'] });
  expect(cells.length).toBeGreaterThan(10);
  expect(new Set(cells.map(({ axes }) => axes.os))).toEqual(new Set(['debian-13']));
});

test('suites: those asked for, in the order they run, or the tier\'s, or the matrix\'s', () => {
  expect(selectCells(matrix, { names: ['small'], suites: ['e2e,lint'] })[0]?.suites).toEqual(['lint', 'e2e']);
  const other = parseMatrix(changed({ 'tiers.nightly.suites': ['e2e'] }), 'm.yaml');
  expect(selectCells(other, { tier: 'nightly' })[0]?.suites).toEqual(['e2e']);
  expect(selectCells(other, { names: ['small'], tier: 'nightly' })[0]?.suites).toEqual(['e2e']);
  expect(selectCells(other, { names: ['small'] })[0]?.suites).toEqual(['lifecycle', 'e2e']);
});

test('a cell with the user\'s network knows its manifest', () => {
  const own = parseMatrix(changed({ 'axes.network.manifest': 'cni/mine.yaml' }), '/somewhere/matrix.yaml');
  expect(selectCells(own, { names: ['small'], set: ['network=manifest'] })[0]?.networkManifest).toBe('/somewhere/cni/mine.yaml');
  expect(selectCells(own, { names: ['small'] })[0]).not.toHaveProperty('networkManifest');
});

test.each<[Wish, string]>([
  [{ names: ['al-in-one'] }, 'there is no cell "al-in-one"; did you mean all-in-one? Use a topology (all-in-one, small, ha) or a slug that `proofgrid plan --tier release` lists [MATRIX_UNKNOWN_CELL]'],
  [{ names: ['small'], set: ['os=debain-13'] }, 'os has no value "debain-13"; did you mean debian-13? Otherwise use one of debian-12, debian-13 [MATRIX_UNKNOWN_VALUE]'],
  [{ names: ['small'], set: ['kubernetes=1.33'] }, 'kubernetes has no value "1.33"; use one of 1.20.2+deb11, 1.20.2+deb12u1, 1.34.4, 1.35.4, 1.36.3, 1.37.2, latest or a minor such as 1.37 for the newest of them, or a full version such as 1.37.2 [MATRIX_UNKNOWN_VALUE]'],
  [{ names: ['small'], set: ['oss=debian-13'] }, 'there is no axis "oss"; did you mean os? Otherwise use one of os, kubernetes, runtime, etcd, network, proxy, families, topology [UNKNOWN_AXIS]'],
  [{ names: ['small'], set: ['os'] }, '--set "os" is no axis=value; write for example --set os=debian-13 [SET_MALFORMED]'],
  [{ names: ['small'], set: ['os=debian-12', 'os=debian-13'] }, '--set names the axis os twice; keep one of them [SET_TWICE]'],
  [{ names: ['small'], set: ['topology=ha'] }, 'the cell small is named with the topology ha; drop one of them [MATRIX_TOPOLOGY_TWICE]'],
  [{ names: ['small'], suites: ['e3e'] }, 'there is no suite "e3e"; did you mean e2e? Otherwise use one of lint, lifecycle, e2e [UNKNOWN_SUITE]'],
  [{ tier: 'nightli' }, 'there is no tier "nightli"; did you mean nightly? Otherwise use one of smoke, merge-request, nightly, release [UNKNOWN_TIER]'],
  [{ names: ['small'], set: ['kubernetes=1.24.0', 'runtime=docker', 'etcd=3.5'] }, "the cell small cannot exist with os debian-12, kubernetes 1.24.0, runtime docker, etcd 3.5, network host-gw, proxy iptables, families ipv4, topology small: Kubernetes 1.24 removed dockershim, the kubelet's own way to Docker (kubernetes-1.24-docker; https://kubernetes.io/blog/2022/02/17/dockershim-faq/); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ names: ['small'], set: ['kubernetes=1.19.16', 'etcd=3.4'] }, "the cell small cannot exist with os debian-12, kubernetes 1.19.16, runtime containerd, etcd 3.4, network host-gw, proxy iptables, families ipv4, topology small: the playbooks know the flags and APIs of Kubernetes from 1.20 on (playbooks-begin-with-1-20); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ names: ['small'], set: ['kubernetes=1.20', 'etcd=3.3.27'] }, "the cell small cannot exist with os debian-12, kubernetes 1.20.2+deb12u1, runtime containerd, etcd 3.3.27, network host-gw, proxy iptables, families ipv4, topology small: Kubernetes 1.20 needs etcd >=3.4 <3.7: the playbooks know the configuration of etcd from 3.4 on, and 1.20 was run here with 3.4, 3.5 and 3.6 alone (kubernetes-1.20-etcd; https://github.com/kubernetes/kubernetes/blob/v1.20.2/cmd/kubeadm/app/constants/constants.go); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ names: ['small'], set: ['kubernetes=1.20', 'etcd=3.4', 'runtime=containerd-2.4'] }, "the cell small cannot exist with os debian-12, kubernetes 1.20.2+deb12u1, runtime containerd-2.4.2, etcd 3.4, network host-gw, proxy iptables, families ipv4, topology small: Kubernetes 1.20 needs containerd >=1.4 <2.0: its kubelet speaks CRI v1alpha2 alone, which containerd 2.0 removed (kubernetes-1.20-containerd; https://github.com/containerd/containerd/blob/v2.4.2/RELEASES.md); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ names: ['small'], set: ['kubernetes=1.20', 'etcd=3.4', 'families=dual-stack'] }, 'the cell small cannot exist with os debian-12, kubernetes 1.20.2+deb12u1, runtime containerd, etcd 3.4, network host-gw, proxy iptables, families dual-stack, topology small: dual-stack is an alpha feature in Kubernetes 1.20, and off; it is stable from 1.23 on (kubernetes-1.20-dual-stack; https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/features/kube_features.go); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]'],
  [{ names: ['small'], set: ['network=flannel-vxlan', 'families=dual-stack'] }, "the cell small cannot exist with os debian-12, kubernetes 1.37.2, runtime containerd, etcd 3.6.16, network flannel-vxlan, proxy iptables, families dual-stack, topology small: flannel's CNI plugin of v0.9.1, the last release that can be built here, knows one network of pods (FLANNEL_SUBNET) (flannel-plugin-knows-one-family; https://github.com/containernetworking/plugins/blob/v0.9.1/plugins/meta/flannel/flannel.go); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ names: ['small'], set: ['kubernetes=1.20', 'etcd=3.4', 'proxy=nftables'] }, "the cell small cannot exist with os debian-12, kubernetes 1.20.2+deb12u1, runtime containerd, etcd 3.4, network host-gw, proxy nftables, families ipv4, topology small: kube-proxy has the mode nftables since Kubernetes 1.29, and by default since 1.31 (kubernetes-1.20-nftables; https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/features/kube_features.go); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]"],
  [{ tier: 'smoke', set: ['kubernetes=1.34', 'etcd=3.4'] }, 'no cell of the tier smoke can exist with os debian-12, kubernetes 1.34.4, runtime containerd, etcd 3.4, network host-gw, proxy iptables, families ipv4, topology all-in-one: Kubernetes 1.34 needs etcd >=3.5 <3.7: Kubernetes from 1.34 on was run here with etcd 3.5 and 3.6 alone (kubernetes-1.34-etcd; https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/storage/feature/feature_support_checker.go); choose another value with --set [MATRIX_CELL_IMPOSSIBLE]'],
])('%j is refused', (wish, message) => {
  const error = refusal(wish);
  expect(error.message).toBe(message);
  expect(error.fault).toBe('usage');
});
