import { expect, test } from 'vitest';
import { containerSpec, hostUlimits } from '../../../../harness/provider/container/machine-spec.ts';
import { machineFiles } from '../../../../harness/provider/container/keys.ts';

const blueprint = {
  lease: '0123456789ab',
  request: { name: 'm1', cpus: 10_000, memory: 2 ** 30 },
  address: '10.213.4.10',
  network: 'n',
  image: 'i',
  seeds: [{ source: '/cache/kubernetes', target: '/opt/seed/kubernetes' }],
  files: machineFiles('/volumes/v', 'm1'),
  labels: { a: 'b' },
};

test('keys and seeds cannot be written to, state can', () => {
  const { mounts } = containerSpec(blueprint);
  const writable = mounts.filter(({ readOnly }) => !readOnly).map(({ target }) => target);
  expect(writable).toEqual(['/var/lib/etcd', '/var/lib/kubelet', '/var/lib/containerd', '/var/lib/docker', '/root/.ssh']);
  expect(mounts.filter(({ readOnly }) => readOnly).map(({ target }) => target)).toEqual(
    expect.arrayContaining(['/etc/ssh/ssh_host_ed25519_key', '/opt/seed/kubernetes']),
  );
});

test('no secret is in the specification: keys travel in files', () => {
  expect(JSON.stringify(containerSpec(blueprint))).not.toMatch(/PRIVATE KEY|ssh-ed25519 /);
});

test('a machine never gets more processors than there are', () => {
  expect(containerSpec(blueprint).cpus).toBeLessThan(10_000);
});

test('the machine id is its own, and the same after a power cut', () => {
  const id = (name: string) => containerSpec({ ...blueprint, request: { ...blueprint.request, name } }).environment['container_uuid'];
  expect(id('m1')).toBe(id('m1'));
  expect(id('m1')).not.toBe(id('m2'));
});

test.each([
  ['20000', '96364', { nofile: 20_000, nproc: 32_000 }],
  ['unlimited', 'unlimited', { nofile: 1_048_576, nproc: 32_000 }],
  ['1073741816', '1000', { nofile: 1_048_576, nproc: 1000 }],
])('limits never exceed those of this process: files %s, processes %s', (files, processes, expected) => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             1                    ${processes}                processes
Max open files            1024                 ${files}                files
`;
  expect(hostUlimits(limits)).toEqual(expected);
});
