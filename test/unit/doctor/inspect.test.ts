import { expect, test } from 'vitest';
import { imagePackagesCheck } from '../../../harness/doctor/packages.ts';
import { inspectHost, REMOTE_CHECKS } from '../../../harness/doctor/inspect.ts';
import { fakeHost, type FakeHost } from './fake-host.ts';

test('a host that is ready has no findings', async () => {
  expect(await inspectHost(fakeHost())).toEqual([]);
});

/** A table in which every network of the pool has its own route: 10.213.0.0/24 and so on, little-endian. */
const EVERY_ROUTE = ['Iface Destination Gateway Flags RefCnt Use Metric Mask', ...Array.from({ length: 256 }, (_, third) => `tun0 00${third.toString(16).padStart(2, '0')}D50A 0101A8C0 0003 0 0 0 00FFFFFF 0 0 0`)].join('\n');

// Each check has its failing case here: a check that cannot fail is a defect.
test.each<[string, FakeHost, RegExp, RegExp]>([
  ['root', { root: false }, /not running as root/, /as root/],
  ['architecture', { architecture: 'arm64' }, /arm64/, /x86-64/],
  ['capabilities', { files: { '/proc/self/status': 'CapEff:\t00000000a80425fb\n' } }, /CAP_SYS_ADMIN and CAP_NET_ADMIN missing/, /privileged/],
  ['packages', { programs: { 'dpkg-query': ([, , , , ...names]) => ({ exitCode: 1, stdout: names.filter((name) => name !== 'runc').map((name) => `${name} installed`).join('\n') }) } }, /^1 Debian package missing: runc \(/, /^apt-get update && apt-get install --yes --no-install-recommends runc$/],
  ['disk', { free: 2 ** 30 }, /1\.0 GiB are free for .*15 are needed/, /PROOFGRID_CACHE/],
  ['memory', { files: { '/proc/meminfo': 'MemTotal:  2097152 kB\n' } }, /2\.0 GiB of memory, 4 are needed/, /larger/],
  ['overlay', { files: { '/proc/filesystems': 'nodev\tproc\n' } }, /overlay/, /^modprobe overlay$/],
  ['network-devices', { programs: { unshare: () => ({ exitCode: 2, stderr: 'RTNETLINK answers: Operation not supported' }) } }, /Operation not supported/, /vxlan/],
  ['fs.inotify.max_user_instances', { files: { '/proc/sys/fs/inotify/max_user_instances': '128\n' } }, /is 128, at least 8192/, /^sysctl -w fs\.inotify\.max_user_instances=8192$/],
  ['fs.inotify.max_user_watches', { files: { '/proc/sys/fs/inotify/max_user_watches': '8192\n' } }, /is 8192, at least 65536/, /^sysctl -w/],
  ['net.ipv4.ip_forward', { files: { '/proc/sys/net/ipv4/ip_forward': '0\n' } }, /is 0, at least 1/, /^sysctl -w net\.ipv4\.ip_forward=1$/],
  ['machine-networks', { files: { '/proc/net/route': EVERY_ROUTE } }, /^0 networks of 10\.213\.0\.0\/16 .*the route to 10\.213\.0\.0\/24, .*/, /proofgrid reap/],
  ['container-engine', { programs: { podman: () => ({ exitCode: 126, stderr: 'warning\nError: runc: permission denied' }) } }, /podman cannot start a container: Error: runc: permission denied/, /podman/],
])('%s', async (name, host, problem, fix) => {
  const findings = await inspectHost(fakeHost(host));
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ name, severity: 'error' });
  expect(findings[0]?.problem).toMatch(problem);
  expect(findings[0]?.fix).toMatch(fix);
});

test('a kernel without br_netfilter', async () => {
  const host = fakeHost();
  const [finding] = await inspectHost({ ...host, read: (path) => (path.includes('/bridge/') ? Promise.resolve(undefined) : host.read(path)) });
  expect(finding).toMatchObject({ name: 'bridge-filter', repair: { type: 'module', module: 'br_netfilter' } });
});

test('a toolchain that is missing is worth a note, and --fix fetches it', async () => {
  const [finding] = await inspectHost(fakeHost({ toolchain: false }));
  expect(finding).toMatchObject({ name: 'go-toolchain', severity: 'note', repair: { type: 'toolchain' } });
});

test('what is worked around is a note, not an error', async () => {
  const findings = await inspectHost(fakeHost({ files: { '/proc/self/status': 'CapEff:\t000001fffeffffff\n', '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n' } }));
  expect(findings.map(({ name, severity }) => [name, severity])).toEqual([['system', 'note'], ['capabilities', 'note']]);
});

test('docker will do where podman is absent, and nothing will where both are', async () => {
  const absent = { podman: () => ({ exitCode: 127 }) };
  expect(await inspectHost(fakeHost({ programs: { ...absent, docker: () => ({}) } }))).toEqual([]);
  const [finding] = await inspectHost(fakeHost({ programs: absent }));
  expect(finding).toMatchObject({ name: 'container-engine', repair: { type: 'packages' } });
});

test('a check that breaks is a finding, and the others still run', async () => {
  const findings = await inspectHost({ ...fakeHost({ root: false }), freeSpace: () => Promise.reject(new Error('EIO')) });
  expect(findings.map(({ name }) => name)).toEqual(['root', 'disk']);
  expect(findings[1]?.problem).toBe('this check could not run: EIO');
});

test('a system without dpkg is told so', async () => {
  const [finding] = await inspectHost(fakeHost({ programs: { 'dpkg-query': () => ({ exitCode: 127 }) } }));
  expect(finding?.problem).toContain('not a Debian system');
});

test('where no machine runs on this host, it needs no privileges, engine or kernel modules, but its packages', async () => {
  const bare = { root: false, files: { '/proc/self/status': 'CapEff:\t0000000000000000\n', '/proc/meminfo': 'MemTotal: 1048576 kB\n' } };
  const lacking = (...missing: string[]) => ({ 'dpkg-query': ([, , , , ...names]: readonly string[]) => ({ stdout: names.filter((name) => !missing.includes(name)).map((name) => `${name} installed`).join('\n') }) });
  expect(await inspectHost(fakeHost({ ...bare, programs: lacking('podman', 'mmdebstrap') }), REMOTE_CHECKS)).toEqual([]);
  expect(await inspectHost(fakeHost({ ...bare, programs: lacking('ansible') }), REMOTE_CHECKS)).toMatchObject([{ name: 'packages', problem: expect.stringContaining('ansible') as string }]);
});

test('what pulls images is missed only where it is asked for, and --fix installs it', async () => {
  const query = (names: readonly string[]) =>
    names.filter((name) => name !== 'skopeo').map((name) => `${name} installed`);
  const host = fakeHost({
    programs: { 'dpkg-query': ([, , , , ...names]) => ({ exitCode: 1, stdout: query(names).join('\n') }) },
  });
  expect(await inspectHost(host)).toEqual([]);
  const [finding] = await inspectHost(host, [imagePackagesCheck]);
  expect(finding).toMatchObject({
    name: 'image-packages',
    severity: 'error',
    repair: { type: 'packages', packages: ['skopeo'] },
  });
});
