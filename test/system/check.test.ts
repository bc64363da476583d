import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellPaths } from '../../harness/cell/run-directory.ts';
import { readJournal } from '../../harness/journal/read.ts';
import { replay } from '../../harness/journal/replay.ts';
import { connect, type KubeApi } from '../../harness/suite/e2e/kube-api.ts';
import { newDirectory, proofgrid } from './proofgrid.ts';

/** Objects of all namespaces that a check could leave. Events come and go by themselves. */
const KINDS = [
  ...['namespaces', 'nodes', 'pods', 'services', 'configmaps', 'secrets', 'serviceaccounts', 'persistentvolumes', 'persistentvolumeclaims', 'resourcequotas', 'limitranges'].map((kind) => `/api/v1/${kind}`),
  ...['deployments', 'daemonsets', 'replicasets', 'statefulsets'].map((kind) => `/apis/apps/v1/${kind}`),
  ...['jobs', 'cronjobs'].map((kind) => `/apis/batch/v1/${kind}`),
  ...['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map((kind) => `/apis/rbac.authorization.k8s.io/v1/${kind}`),
  '/apis/networking.k8s.io/v1/networkpolicies',
  '/apis/certificates.k8s.io/v1/certificatesigningrequests',
];
/** What a machine has of images, packet filter and interfaces; kubelets' own counters left out. */
const MACHINE = 'ctr -n k8s.io images list -q | sort; iptables-save | grep -v "^[#:]" | sed "s/\\[[0-9:]*\\]//" | sort; ls /sys/class/net | sort; mount | wc -l';

describe('the checks of a cluster that exists', () => {
  let run: string;
  let kubeconfig: string;
  let api: KubeApi;

  beforeAll(async () => {
    run = await newDirectory('to-be-checked');
    // without the suite e2e, no node has the image of the test pods
    const { exitCode, all } = await proofgrid(['run', 'all-in-one', '--suite', 'lifecycle', '--keep', 'always', '--run-dir', run]);
    expect(exitCode, all).toBe(0);
    const [cell = ''] = await readdir(path.join(run, 'cells'));
    ({ kubeconfig } = cellPaths(run, cell));
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    api = connect(config, { signal: new AbortController().signal });
  });
  afterAll(async () => {
    await proofgrid(['reap', run]);
  });

  const onMachine = async (script: string) => {
    const { exitCode, stdout, all } = await proofgrid(['shell', run, 'node-1', '--', 'sh', '-c', script]);
    expect(exitCode, all).toBe(0);
    return stdout;
  };
  const picture = async () => {
    const objects: string[] = [];
    for (const kind of KINDS) {
      const { items } = await api.get<{ items: { metadata: { namespace?: string; name: string } }[] }>(kind);
      objects.push(...items.map(({ metadata }) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`));
    }
    return { objects: objects.sort(), machine: (await onMachine(MACHINE)).split('\n') };
  };
  const check = async (...words: string[]) => {
    const directory = await newDirectory('checked');
    const { exitCode, all } = await proofgrid(['check', ...words, '--run-dir', directory]);
    const [cell] = replay(readJournal(path.join(directory, 'journal.jsonl')).lines).cells;
    return { exitCode, all, cases: cell?.phases.flatMap(({ cases }) => cases) ?? [] };
  };

  test('pass on a kept cell, say first what they create, and leave it as it was', async () => {
    const before = await picture();
    const { exitCode, all, cases } = await check(run);
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/^\S+: https:\S+, Kubernetes \S+, 1 node\n {2}creates the namespaces proofgrid-e2e, /);
    expect(cases.filter(({ verdict }) => verdict === 'passed').length).toBeGreaterThan(20);
    expect(cases.find(({ name }) => name === 'deploy-changes-nothing')).toMatchObject({ verdict: 'skipped', message: 'a cluster that exists is looked at, and not deployed again' });
    expect(await picture()).toEqual(before);
  });

  test('pass where there is nothing but a kubeconfig, and say what they would need', async () => {
    await onMachine('ctr -n k8s.io images import /opt/seed/images/agnhost/agnhost.tar');
    const { exitCode, all, cases } = await check('--kubeconfig', kubeconfig);
    expect(exitCode, all).toBe(0);
    expect(cases.filter(({ verdict }) => verdict === 'passed').length).toBeGreaterThan(12);
    const reasons = new Set(cases.flatMap(({ verdict, message = '', blockedBy }) => (verdict === 'skipped' && blockedBy === undefined ? [message] : [])));
    expect([...reasons].filter((reason) => /--cluster|--inventory|--disruptive/.test(reason)).length).toBeGreaterThanOrEqual(3);
  });

  test('tell a fault by its cause, and exit with 1, though the node still names an image that it has no more', async () => {
    await onMachine('ctr -n k8s.io images rm $(ctr -n k8s.io images list -q | grep agnhost)');
    await onMachine('systemctl stop kube-scheduler');
    try {
      const { exitCode, all, cases } = await check(run);
      expect(exitCode, all).toBe(1);
      const red = cases.filter(({ verdict }) => verdict === 'failed' || verdict === 'timed-out');
      expect(red.map(({ name }) => name)).toEqual(['leader-leases']);
      expect(cases.find(({ name }) => name === 'pod-on-every-node')).toMatchObject({ verdict: 'skipped', blockedBy: 'leader-leases' });
      expect(red[0]?.explains).toContain('pod-on-every-node');
    } finally {
      await onMachine('systemctl start kube-scheduler');
    }
  });

  test('create nothing where their namespace belongs to somebody else', async () => {
    await api.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'proofgrid-e2e' } });
    const { exitCode, all } = await proofgrid(['check', run]);
    expect(exitCode, all).toBe(2);
    expect(all).toContain('CHECK_NAMESPACE_FOREIGN');
    expect((await api.send({ path: '/api/v1/namespaces/proofgrid-e2e' })).status).toBe(200);
    await api.remove('/api/v1/namespaces/proofgrid-e2e');
  });
});
