import { describe, expect, test } from 'vitest';
import type { ClusterDeployment } from '../../../../lifecycle/cluster-deployment.ts';
import { expectedKubelet, kubeletComplaints } from '../../../../harness/suite/e2e/kubelet-settings.ts';
import type { MachineFacts, UnitSettings } from '../../../../harness/suite/e2e/unit-settings.ts';

const CONTAINER: MachineFacts = { container: 'podman', resolv_conf: '/etc/resolv.conf', cgroup: { version: 1, shared: ['/sys/fs/cgroup/perf_event'] } };
const REAL: MachineFacts = { container: '', resolv_conf: '/run/systemd/resolve/resolv.conf', cgroup: { version: 2, shared: [] } };

function document(version: string, other: { images?: object[]; dns?: string; podCIDR?: string } = {}): ClusterDeployment {
  const { images = [], dns = 'coredns', podCIDR = '10.244.0.0/16' } = other;
  return { spec: { kubernetes: { version }, dns: { type: dns }, runtime: { images }, network: { podCIDR, serviceCIDR: '10.96.0.0/16' } } } as unknown as ClusterDeployment;
}

describe('the expected settings of a kubelet', () => {
  test('are those of the template on a real machine', () => {
    expect(expectedKubelet(document('1.34.4'), { name: 'n1' }, REAL)).toMatchObject({
      authentication: { anonymous: { enabled: false }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
      cgroupDriver: 'systemd', cgroupRoot: '/', clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local', failSwapOn: true, maxPods: 110, podPidsLimit: expect.any(Number),
      evictionHard: { 'memory.available': expect.any(String) }, imageGCHighThresholdPercent: 85, resolvConf: '/run/systemd/resolve/resolv.conf', rotateCertificates: true,
      seccompDefault: true, tlsCipherSuites: expect.arrayContaining([expect.stringMatching(/^TLS_/)]), tlsMinVersion: 'VersionTLS12',
    });
  });

  test('follow the machine, the document and the version', () => {
    const settings = expectedKubelet(document('1.37.2', { images: [{}], dns: 'none', podCIDR: '10.0.0.0/22' }), { name: 'n1' }, CONTAINER);
    expect(settings).toMatchObject({ cgroupDriver: 'cgroupfs', cgroupRoot: '/n1', failSwapOn: false, failCgroupV1: false, imageGCHighThresholdPercent: 100, maxPods: 61 });
    expect(settings).not.toHaveProperty('clusterDNS');
    const old = expectedKubelet(document('1.20.2+deb12u1'), { name: 'n1' }, CONTAINER);
    expect(old).not.toHaveProperty('seccompDefault');
    expect(old).not.toHaveProperty('failCgroupV1');
  });
});

describe('a kubelet', () => {
  const expected = expectedKubelet(document('1.34.4'), { name: 'n1' }, REAL);
  const live = { ...expected, cgroupsPerQOS: true, cpuCFSQuota: true, enforceNodeAllocatable: ['pods'], syncFrequency: '1m0s' };
  const fine: UnitSettings = { asked: ['--a=b'], words: ['--a=b'], reloaded: true, disk: { ...expected }, facts: REAL, live: {} };

  test('with what is expected, and more that nobody set, is fine', () => {
    expect(kubeletComplaints(expected, live, fine)).toEqual([]);
  });

  test.each<[object, Partial<UnitSettings>, string[]]>([
    [{ cpuCFSQuota: false }, {}, ['kubelet has cpuCFSQuota false, expected true']],
    [{ staticPodPath: '/etc/kubernetes/manifests' }, {}, ['kubelet has staticPodPath "/etc/kubernetes/manifests", expected ""']],
    [{}, { words: ['--a=b', '--c'] }, ['kubelet runs with --c, which its unit does not have']],
    [{}, { words: [] }, ['kubelet runs with no --a=b, which its unit has']],
    [{}, { words: null }, ['kubelet does not run']],
    [{}, { reloaded: false }, ['kubelet.service was changed, and systemd has not read it again']],
  ])('with %j and %j is not', (other, seen, complaints) => {
    expect(kubeletComplaints(expected, { ...live, ...other }, { ...fine, ...seen })).toEqual(complaints);
  });
});
