import { expect, test } from 'vitest';
import type { ClusterDeployment } from '../../../../lifecycle/cluster-deployment.ts';
import type { Host } from '../../../../harness/suite/check.ts';
import { clusterComplaints, etcdComplaints, expectedEtcd, peerComplaints, type EtcdSeen } from '../../../../harness/suite/e2e/etcd-settings.ts';

const HOST = { name: 'n1', address: '10.0.0.2', roles: ['etcd'] } as unknown as Host;
const deployment = { metadata: { name: 'c' }, spec: { etcd: { version: '3.6.16' } } } as unknown as ClusterDeployment;
const expected = expectedEtcd({ deployment }, HOST);
const text = JSON.stringify({ ...expected, 'initial-cluster': 'n1=https://10.0.0.2:2380' });
const FINE: EtcdSeen = { directory: '/var/lib/etcd', kinds: ['xfs'], quota: expected['quota-backend-bytes'] as number, live: text, disk: text, record: null };

test("the template's settings and those of the version are expected", () => {
  expect(expected).toMatchObject({
    'name': 'n1', 'data-dir': '/var/lib/etcd', 'listen-peer-urls': 'https://10.0.0.2:2380', 'initial-cluster-token': 'c', 'feature-gates': 'InitialCorruptCheck=true',
    'client-transport-security': { 'client-cert-auth': true, 'key-file': '/run/credentials/etcd.service/server.key' },
  });
  expect(expectedEtcd({ deployment: { ...deployment, spec: { ...deployment.spec, etcd: { ...deployment.spec.etcd, version: '3.4.23' } } } }, HOST)).toMatchObject({ logger: 'zap' });
});

test.each<[Partial<EtcdSeen>, string[]]>([
  [{}, []],
  [{ kinds: ['overlayfs', 'ext2/ext3'] }, []],
  [{ kinds: ['overlayfs', 'tmpfs'] }, ['the data lies in tmpfs, and is gone after a reboot']],
  [{ directory: '/data' }, ['the data lies in /data, expected /var/lib/etcd']],
  [{ directory: null }, ['etcd has no data open']],
  [{ quota: 2147483648 }, [`the quota is 2147483648 bytes, expected ${FINE.quota}`]],
  [{ disk: JSON.stringify({ ...expected, 'election-timeout': 5000 }) }, ['/etc/etcd/etcd.yaml has election-timeout 5000, and etcd runs with 1000']],
  [{ live: JSON.stringify({ ...expected, 'auto-compaction-retention': '1h' }), disk: JSON.stringify({ ...expected, 'auto-compaction-retention': '1h' }) }, ['/etc/etcd/etcd.yaml has auto-compaction-retention "1h", which nobody asked for']],
])('%j is judged', (other, complaints) => {
  expect(etcdComplaints(expected, { ...FINE, ...other })).toEqual(complaints);
});

test('members of two clusters, and of another than they were deployed into, are told', () => {
  const member = (cluster: string, known: string) => ({ host: HOST, cluster, record: JSON.stringify({ cluster_id: known }) });
  expect(clusterComplaints([member('1', '1'), member('1', '1')])).toEqual([]);
  expect(clusterComplaints([member('1', '1'), member('2', '1')])).toEqual(['members are in the clusters 1, 2', 'n1: is in cluster 2, was deployed into 1']);
});

test('a member at another address, or of another machine, is told', () => {
  const member = (name: string, url: string) => ({ id: '1', name, learner: false, peerURLs: [url] });
  expect(peerComplaints({ hosts: [HOST] }, [member('n1', 'https://10.0.0.2:2380')])).toEqual([]);
  expect(peerComplaints({ hosts: [HOST] }, [member('n1', 'https://10.0.0.9:2380')])).toEqual(['peers reach n1 at https://10.0.0.9:2380, expected https://10.0.0.2:2380']);
  expect(peerComplaints({ hosts: [HOST] }, [member('n2', 'https://10.0.0.9:2380')])[0]).toMatch(/the document has no such member/);
});
