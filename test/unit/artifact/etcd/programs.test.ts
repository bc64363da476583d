import { expect, test } from 'vitest';
import { etcdPrograms } from '../../../../harness/artifact/etcd/programs.ts';

test.each(['3.3', '3.4', '3.4.37'])('etcd %s has no etcdutl, and entries of the cache made before it was asked for stay', (version) => {
  expect(etcdPrograms(version)).toEqual({ names: ['etcd', 'etcdctl'], input: {} });
});

test.each(['3.5', '3.5.21', '3.6.16', '4.0.0'])('etcd %s has it, and an entry without it is another one', (version) => {
  const names = ['etcd', 'etcdctl', 'etcdutl'];
  expect(etcdPrograms(version)).toEqual({ names, input: { programs: names } });
});
