import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { planCommand } from '../../../harness/command/plan.ts';
import { outputOf } from './output.ts';

const plan = (...words: string[]) => outputOf(planCommand(), words);

test('the smoke tier as a table', async () => {
  expect(await plan()).toMatchInlineSnapshot(`
    "CELL                 OS         KUBERNETES      RUNTIME     ETCD  NETWORK  TOPOLOGY    MACHINES  MEMORY  SUITES
    all-in-one-90400b02  debian-12  1.20.2+deb12u1  containerd  3.4   host-gw  all-in-one  1         3Gi     lifecycle,e2e

    1 cell of the tier smoke; the largest needs 3Gi of memory
    "
  `);
});

test('one cell with its reason', async () => {
  expect(await plan('ha', '--set', 'os=debian-13', '--set', 'runtime=docker', '--explain')).toMatchInlineSnapshot(`
    "CELL         OS         KUBERNETES      RUNTIME  ETCD  NETWORK  TOPOLOGY  MACHINES  MEMORY  SUITES
    ha-6c114fbf  debian-13  1.20.2+deb12u1  docker   3.4   host-gw  ha        5         13Gi    lifecycle,e2e

    1 cell; the largest needs 13Gi of memory

    In, and why:
      ha-6c114fbf  named by its topology, with os debian-13, runtime docker, else defaults
    "
  `);
});

test('a tier with reasons and coverage', async () => {
  expect(await plan('--tier', 'merge-request', '--explain', '--coverage')).toMatchInlineSnapshot(`
    "CELL                 OS         KUBERNETES      RUNTIME     ETCD  NETWORK  TOPOLOGY    MACHINES  MEMORY  SUITES
    ha-a83cf190          debian-12  1.20.2+deb12u1  containerd  3.4   host-gw  ha          5         13Gi    lifecycle,e2e
    all-in-one-b4cf40e8  debian-13  1.20.2+deb12u1  docker      3.5   vxlan    all-in-one  1         3Gi     lifecycle,e2e
    small-4c12a831       debian-12  1.20.2+deb12u1  containerd  3.5   vxlan    small       3         7Gi     lifecycle,e2e
    small-58948eb0       debian-13  1.20.2+deb12u1  docker      3.4   host-gw  small       3         7Gi     lifecycle,e2e
    all-in-one-90400b02  debian-12  1.20.2+deb12u1  containerd  3.4   host-gw  all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-4b79291d  debian-12  1.20.2+deb12u1  docker      3.4   vxlan    all-in-one  1         3Gi     lifecycle,e2e
    all-in-one-bdc48a4e  debian-13  1.20.2+deb12u1  containerd  3.5   host-gw  all-in-one  1         3Gi     lifecycle,e2e

    7 cells of the tier merge-request; the largest needs 13Gi of memory

    In, and why:
      ha-a83cf190          the tier includes it by name
      all-in-one-b4cf40e8  15 pairs of values that no cell before it has
      small-4c12a831       9 pairs of values that no cell before it has
      small-58948eb0       8 pairs of values that no cell before it has
      all-in-one-90400b02  4 pairs of values that no cell before it has
      all-in-one-4b79291d  2 pairs of values that no cell before it has
      all-in-one-bdc48a4e  2 pairs of values that no cell before it has

    Out, and why (--format json names each):
      26 combinations  the tier merge-request is pairwise: other cells have all that it would add
      48 combinations  cannot exist: the network manifest needs the path of a CNI manifest in axes.network.manifest, and none is named (network-manifest-named)
      48 combinations  the tier merge-request runs kubernetes 1.20.2+deb12u1 alone
      15 combinations  the tier merge-request runs topology all-in-one and small alone

    Coverage of what can exist (96 of 144 combinations can):
      cells            7 of 96 (7 %)
      values           12 of 13 (92 %)  missing: kubernetes=1.20.2+deb11
      pairs of values  55 of 70 (78 %)  missing: os=debian-12 kubernetes=1.20.2+deb11, kubernetes=1.20.2+deb11 runtime=containerd, kubernetes=1.20.2+deb11 etcd=3.4, kubernetes=1.20.2+deb11 network=host-gw, kubernetes=1.20.2+deb11 topology=all-in-one, kubernetes=1.20.2+deb11 network=vxlan, kubernetes=1.20.2+deb11 etcd=3.5, kubernetes=1.20.2+deb11 runtime=docker, os=debian-13 kubernetes=1.20.2+deb11, kubernetes=1.20.2+deb11 topology=small, and 5 more
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
          "slug": "all-in-one-90400b02",
          "axes": {
            "os": "debian-12",
            "kubernetes": "1.20.2+deb12u1",
            "runtime": "containerd",
            "etcd": "3.4",
            "network": "host-gw",
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
              "type": "debian-source",
              "suite": "bookworm",
              "package": "kubernetes",
              "version": "1.20.5+really1.20.2-1.1+deb12u1"
            },
            "etcd": {
              "type": "debian-package",
              "suite": "bookworm",
              "packages": [
                "etcd-server",
                "etcd-client"
              ]
            }
          },
          "dns": {
            "type": "none",
            "reason": "no source of a CoreDNS image is configured; set dns in the matrix file to {type coredns, image <reference>}"
          }
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
  expect(document.cells).toHaveLength(48);
  expect(document.cells.every(({ why }) => why === 'the tier takes every cell of its values')).toBe(true);
  expect(document.excluded).toHaveLength(96);
  expect(document.excluded[0]).toMatchInlineSnapshot(`
    {
      "axes": {
        "etcd": "3.4",
        "kubernetes": "1.20.2+deb12u1",
        "network": "manifest",
        "os": "debian-12",
        "runtime": "containerd",
        "topology": "all-in-one",
      },
      "slug": "all-in-one-ca11b9e2",
      "why": "cannot exist: the network manifest needs the path of a CNI manifest in axes.network.manifest, and none is named (network-manifest-named)",
    }
  `);
  expect(document.coverage).toMatchObject({ combinations: 144, cells: { covered: 48, possible: 96 }, values: { covered: 12, possible: 13, missing: ['kubernetes=1.20.2+deb11'] } });
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
  const manifests = await plan('small', '--provider', 'kubevirt', '--format', 'manifests');
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
  expect(await plan('ha', '--provider', 'kubevirt', '--format', 'manifests')).toContain('warning: a run would refuse ha-a83cf190: its control planes need an address');
  expect(await plan('ha', '--provider', 'kubevirt', '--site', 'multus', '--format', 'manifests')).not.toContain('warning');
});

test('a site that does not exist', async () => {
  await expect(plan('--provider', 'kubevirt', '--site', 'nowhere', '--format', 'manifests')).rejects.toThrow('[SITE_UNKNOWN]');
});
