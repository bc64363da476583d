import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { planCommand } from '../../../harness/command/plan.ts';
import { outputOf } from './output.ts';

const plan = (...words: string[]) => outputOf(planCommand(), words);

test('the smoke tier as a table', async () => {
  expect(await plan()).toMatchInlineSnapshot(`
    "CELL                 OS         KUBERNETES  RUNTIME     ETCD    NETWORK  PROXY     FAMILIES  TOPOLOGY    MACHINES  MEMORY  SUITES
    all-in-one-68b465b1  debian-12  1.37.2      containerd  3.6.16  host-gw  iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e

    1 cell of the tier smoke; the largest needs 3Gi of memory
    "
  `);
});

test('one cell with its reason', async () => {
  expect(await plan('ha', '--set', 'os=debian-13', '--set', 'runtime=containerd-2.4', '--explain')).toMatchInlineSnapshot(`
    "CELL         OS         KUBERNETES  RUNTIME           ETCD    NETWORK  PROXY     FAMILIES  TOPOLOGY  MACHINES  MEMORY  SUITES
    ha-e1b45138  debian-13  1.37.2      containerd-2.4.2  3.6.16  host-gw  iptables  ipv4      ha        5         13Gi    lifecycle,e2e

    1 cell; the largest needs 13Gi of memory

    In, and why:
      ha-e1b45138  named by its topology, with os debian-13, runtime containerd-2.4.2, else defaults
    "
  `);
});

test('a tier with reasons and coverage', async () => {
  expect(await plan('--tier', 'merge-request', '--explain', '--coverage')).toMatchInlineSnapshot(`
    "CELL                 OS         KUBERNETES      RUNTIME           ETCD    NETWORK          PROXY     FAMILIES  TOPOLOGY    MACHINES  MEMORY  SUITES
    small-e3b43969       debian-12  1.37.2          containerd        3.6.16  host-gw          iptables  ipv4      small       3         7Gi     lifecycle,e2e
    ha-a879d81c          debian-12  1.37.2          containerd        3.6.16  host-gw          iptables  ipv4      ha          5         13Gi    lifecycle,e2e
    all-in-one-8cd6dd17  debian-13  1.34.4          containerd-2.4.2  3.5     vxlan            nftables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-48539589  debian-12  1.20.2+deb12u1  docker            3.4     flannel-host-gw  iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-5ac786f6  debian-13  1.35.4          containerd        3.6.16  flannel-vxlan    nftables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-27104245  debian-12  1.36.3          containerd-2.4.2  3.5     flannel-vxlan    iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-f9866874  debian-13  1.37.2          containerd-2.4.2  3.7.3   host-gw          nftables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-8caebb2e  debian-13  1.20.2+deb12u1  containerd        3.4     vxlan            iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-95072169  debian-13  1.36.3          containerd        3.5     flannel-host-gw  nftables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-78de1dae  debian-12  1.34.4          containerd-2.4.2  3.6.16  flannel-host-gw  iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-7c7377b8  debian-12  1.35.4          containerd-2.4.2  3.5     host-gw          iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-500f9353  debian-12  1.37.2          containerd        3.7.3   vxlan            iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-35e3e945  debian-12  1.37.2          containerd-2.4.2  3.4     flannel-vxlan    nftables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-64a18597  debian-13  1.20.2+deb12u1  docker            3.5     host-gw          iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-fedec300  debian-12  1.20.2+deb12u1  docker            3.6.16  vxlan            iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-70b4039f  debian-12  1.20.2+deb12u1  docker            3.4     flannel-vxlan    iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-37e46f50  debian-12  1.34.4          containerd        3.5     host-gw          iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-5c94688e  debian-12  1.36.3          containerd        3.6.16  host-gw          iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-2bfd08f9  debian-12  1.37.2          containerd        3.5     flannel-host-gw  iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-8633fc0e  debian-12  1.20.2+deb12u1  containerd        3.4     host-gw          iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-f7241d93  debian-12  1.34.4          containerd        3.5     flannel-vxlan    iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-cf96e0d8  debian-12  1.35.4          containerd        3.5     vxlan            iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-641ab1e4  debian-12  1.35.4          containerd        3.5     flannel-host-gw  iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-5e46aae5  debian-12  1.36.3          containerd        3.5     vxlan            iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-62db8acc  debian-12  1.37.2          containerd        3.7.3   flannel-host-gw  iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-b5fe7da2  debian-12  1.37.2          containerd        3.7.3   flannel-vxlan    iptables  ipv4      all-in-one  1         3Gi     lifecycle,e2e

    26 cells of the tier merge-request; the largest needs 13Gi of memory

    In, and why:
      small-e3b43969       the tier includes it by name
      ha-a879d81c          the tier includes it by name
      all-in-one-8cd6dd17  28 pairs of values that no cell before it has
      all-in-one-48539589  24 pairs of values that no cell before it has
      all-in-one-5ac786f6  19 pairs of values that no cell before it has
      all-in-one-27104245  15 pairs of values that no cell before it has
      all-in-one-f9866874  15 pairs of values that no cell before it has
      all-in-one-8caebb2e  9 pairs of values that no cell before it has
      all-in-one-95072169  9 pairs of values that no cell before it has
      all-in-one-78de1dae  7 pairs of values that no cell before it has
      all-in-one-7c7377b8  6 pairs of values that no cell before it has
      all-in-one-500f9353  6 pairs of values that no cell before it has
      all-in-one-35e3e945  6 pairs of values that no cell before it has
      all-in-one-64a18597  5 pairs of values that no cell before it has
      all-in-one-fedec300  4 pairs of values that no cell before it has
      all-in-one-70b4039f  2 pairs of values that no cell before it has
      all-in-one-37e46f50  2 pairs of values that no cell before it has
      all-in-one-5c94688e  2 pairs of values that no cell before it has
      all-in-one-2bfd08f9  2 pairs of values that no cell before it has
      all-in-one-8633fc0e  1 pair of values that no cell before it has
      all-in-one-f7241d93  1 pair of values that no cell before it has
      all-in-one-cf96e0d8  1 pair of values that no cell before it has
      all-in-one-641ab1e4  1 pair of values that no cell before it has
      all-in-one-5e46aae5  1 pair of values that no cell before it has
      all-in-one-62db8acc  1 pair of values that no cell before it has
      all-in-one-b5fe7da2  1 pair of values that no cell before it has

    Out, and why (--format json names each):
      144 combinations   the tier merge-request runs kubernetes 1.20.2+deb12u1 and 1.34.4 and 1.35.4 and 1.36.3 and 1.37.2 alone
      432 combinations   cannot exist: dual-stack is an alpha feature in Kubernetes 1.20, and off; it is stable from 1.23 on (kubernetes-1.20-dual-stack; https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/features/kube_features.go)
      360 combinations   cannot exist: kube-proxy has the mode nftables since Kubernetes 1.29, and by default since 1.31 (kubernetes-1.20-nftables; https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/features/kube_features.go)
      1728 combinations  cannot exist: flannel's CNI plugin of v0.9.1, the last release that can be built here, knows one network of pods (FLANNEL_SUBNET) (flannel-plugin-knows-one-family; https://github.com/containernetworking/plugins/blob/v0.9.1/plugins/meta/flannel/flannel.go)
      552 combinations   cannot exist: the network manifest needs the path of a CNI manifest in axes.network.manifest, and none is named (network-manifest-named)
      576 combinations   cannot exist: Kubernetes 1.20 needs etcd >=3.4 <3.7: the playbooks know the configuration of etcd from 3.4 on, and 1.20 was run here with 3.4, 3.5 and 3.6 alone (kubernetes-1.20-etcd; https://github.com/kubernetes/kubernetes/blob/v1.20.2/cmd/kubeadm/app/constants/constants.go)
      576 combinations   cannot exist: Kubernetes 1.20 needs containerd >=1.4 <2.0: its kubelet speaks CRI v1alpha2 alone, which containerd 2.0 removed (kubernetes-1.20-containerd; https://github.com/containerd/containerd/blob/v2.4.2/RELEASES.md)
      344 combinations   the tier merge-request is pairwise: other cells have all that it would add
      576 combinations   cannot exist: Kubernetes 1.34 needs etcd >=3.5 <3.7: Kubernetes from 1.34 on was run here with etcd 3.5 and 3.6 alone (kubernetes-1.34-etcd; https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/storage/feature/feature_support_checker.go)
      480 combinations   the tier merge-request runs families ipv4 alone
      192 combinations   cannot exist: Kubernetes 1.24 removed dockershim, the kubelet's own way to Docker (kubernetes-1.34-docker; https://kubernetes.io/blog/2022/02/17/dockershim-faq/)
      576 combinations   cannot exist: Kubernetes 1.35 needs etcd >=3.5 <3.7: Kubernetes from 1.34 on was run here with etcd 3.5 and 3.6 alone (kubernetes-1.35-etcd; https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/storage/feature/feature_support_checker.go)
      192 combinations   cannot exist: Kubernetes 1.24 removed dockershim, the kubelet's own way to Docker (kubernetes-1.35-docker; https://kubernetes.io/blog/2022/02/17/dockershim-faq/)
      576 combinations   cannot exist: Kubernetes 1.36 needs etcd >=3.5 <3.7: Kubernetes from 1.34 on was run here with etcd 3.5 and 3.6 alone (kubernetes-1.36-etcd; https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/storage/feature/feature_support_checker.go)
      192 combinations   cannot exist: Kubernetes 1.24 removed dockershim, the kubelet's own way to Docker (kubernetes-1.36-docker; https://kubernetes.io/blog/2022/02/17/dockershim-faq/)
      384 combinations   cannot exist: Kubernetes 1.24 removed dockershim, the kubelet's own way to Docker (kubernetes-1.37-docker; https://kubernetes.io/blog/2022/02/17/dockershim-faq/)
      734 combinations   the tier merge-request runs topology all-in-one alone

    Coverage of what can exist (1728 of 8640 combinations can):
      cells            26 of 1728 (1 %)
      values           24 of 26 (92 %)    missing: kubernetes=1.20.2+deb11, families=dual-stack
      pairs of values  203 of 266 (76 %)  missing: os=debian-12 kubernetes=1.20.2+deb11, kubernetes=1.20.2+deb11 runtime=containerd, kubernetes=1.20.2+deb11 etcd=3.4, kubernetes=1.20.2+deb11 network=host-gw, kubernetes=1.20.2+deb11 proxy=iptables, kubernetes=1.20.2+deb11 families=ipv4, kubernetes=1.20.2+deb11 topology=all-in-one, kubernetes=1.20.2+deb11 network=vxlan, kubernetes=1.20.2+deb11 network=flannel-host-gw, kubernetes=1.20.2+deb11 network=flannel-vxlan, and 53 more
    "
  `);
});

test('one cell as JSON', async () => {
  expect(await plan('all-in-one', '--suite', 'e2e', '--format', 'json')).toMatchInlineSnapshot(`
    "{
      "apiVersion": "proofgrid.dev/v1alpha1",
      "kind": "Plan",
      "matrix": "matrix/matrix.yaml",
      "set": {},
      "cells": [
        {
          "slug": "all-in-one-68b465b1",
          "axes": {
            "os": "debian-12",
            "kubernetes": "1.37.2",
            "runtime": "containerd",
            "etcd": "3.6.16",
            "network": "host-gw",
            "proxy": "iptables",
            "families": "ipv4",
            "topology": "all-in-one"
          },
          "runtime": "containerd",
          "machines": [
            {
              "name": "node-1",
              "roles": [
                "etcd",
                "control-plane",
                "worker"
              ],
              "cpus": 2,
              "memory": 3221225472
            }
          ],
          "suites": [
            "e2e"
          ],
          "sources": {
            "kubernetes": {
              "type": "go-module",
              "version": "1.37.2"
            },
            "etcd": {
              "type": "go-module",
              "version": "3.6.16"
            }
          },
          "addOns": {
            "dns": {
              "type": "coredns",
              "version": "1.14.6"
            },
            "policy": {
              "type": "none",
              "reason": "the matrix has kube-router on the topologies small, ha alone"
            },
            "metrics": {
              "type": "none",
              "reason": "the matrix has metrics-server on the topologies small, ha alone"
            },
            "storage": {
              "type": "none",
              "reason": "the matrix has local-volumes on the topologies small, ha alone"
            }
          },
          "notes": []
        }
      ]
    }
    "
  `);
});

test('JSON names what is out and what is missing', async () => {
  const document = JSON.parse(await plan('--tier', 'nightly', '--format', 'json', '--explain', '--coverage')) as {
    cells: { why: string }[];
    excluded: unknown[];
    coverage: unknown;
  };
  expect(document.cells.every(({ why }) => why.endsWith('of values that no cell before it has'))).toBe(true);
  expect(document.cells.length + document.excluded.length).toBe(8640);
  expect(document.excluded[0]).toMatchInlineSnapshot(`
    {
      "axes": {
        "etcd": "3.4",
        "families": "ipv4",
        "kubernetes": "1.20.2+deb11",
        "network": "host-gw",
        "os": "debian-12",
        "proxy": "iptables",
        "runtime": "containerd",
        "topology": "all-in-one",
      },
      "slug": "all-in-one-c34bfdf8",
      "why": "the tier nightly runs kubernetes 1.20.2+deb12u1 and 1.34.4 and 1.35.4 and 1.36.3 and 1.37.2 alone",
    }
  `);
  expect(document.coverage).toMatchObject({ combinations: 8640, values: { covered: 25, possible: 26, missing: ['kubernetes=1.20.2+deb11'] } });
});

test.each([
  [['--format', 'gitlab'], '--format gitlab is not available yet: GitLab child pipelines are a later issue; use --format json [PLAN_NOT_AVAILABLE]'],
  [['--format', 'manifests'], 'the provider container makes its machines of no manifests; add --provider kubevirt [PLAN_WITHOUT_MANIFESTS]'],
  [['--changed-since', 'HEAD'], '--changed-since is not available yet: nothing maps changed files to cells yet; name a tier instead [PLAN_NOT_AVAILABLE]'],
  [['--tier', 'nightley'], 'there is no tier "nightley"; did you mean nightly? Otherwise use one of smoke, merge-request, nightly, release [UNKNOWN_TIER]'],
])('%j is refused', async (words, message) => {
  await expect(plan(...words)).rejects.toMatchObject({ message, fault: 'usage' });
});

test('an unknown format is refused by name', async () => {
  await expect(plan('--format', 'xml')).rejects.toThrow(/Allowed choices are table, json, gitlab, manifests/);
});

test('another matrix file is read, and its absence is said', async () => {
  await expect(plan('--matrix', 'no/matrix.yaml')).rejects.toMatchObject({ code: 'DOCUMENT_UNREADABLE' });
});

test('every object that a cell will create', async () => {
  const manifests = await plan('small', '--set', 'network=vxlan', '--provider', 'kubevirt', '--format', 'manifests');
  const objects = parseAllDocuments(manifests, { version: '1.1' }).map((document) => document.toJS() as { kind: string; metadata: { name: string } });
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toMatchInlineSnapshot(`
    [
      "Namespace proofgrid-0123456789ab",
      "ResourceQuota cell",
      "LimitRange cell",
      "NetworkPolicy default-deny",
      "NetworkPolicy within-cell",
      "NetworkPolicy runner",
      "NetworkPolicy disk-import",
      "NetworkPolicy egress",
      "Secret cloud-init-control-plane-1",
      "DataVolume root-control-plane-1",
      "DataVolume etcd-control-plane-1",
      "VirtualMachine control-plane-1",
      "Secret cloud-init-worker-1",
      "DataVolume root-worker-1",
      "VirtualMachine worker-1",
      "Secret cloud-init-worker-2",
      "DataVolume root-worker-2",
      "VirtualMachine worker-2",
    ]
  `);
});

test('what a run would refuse is said beside the manifests', async () => {
  const said = await plan('ha', '--provider', 'kubevirt', '--format', 'manifests');
  expect(said).toContain('warning: a run would refuse ha-a879d81c: its control planes need an address');
  expect(said).toContain('warning: a run would refuse ha-a879d81c: the site default does not carry the pods of the network host-gw between machines (--set network=vxlan');
  expect(await plan('ha', '--provider', 'kubevirt', '--site', 'multus', '--format', 'manifests')).not.toContain('warning');
});

test('a site that does not exist', async () => {
  await expect(plan('--provider', 'kubevirt', '--site', 'nowhere', '--format', 'manifests')).rejects.toThrow('[SITE_UNKNOWN]');
});
