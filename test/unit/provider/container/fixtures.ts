import type { ContainerSpec } from '../../../../harness/provider/container/engine.ts';
import type { LeaseFacts } from '../../../../harness/provider/container/labels.ts';

export const NOW = new Date('2026-03-01T12:00:00.000Z');

export function leaseFacts(change: Partial<LeaseFacts> = {}): LeaseFacts {
  return {
    id: '0123456789ab',
    cell: 'all-in-one',
    owner: { run: 'r1', pid: 42, startTime: '1234', bootId: 'b' },
    namespace: 'pid:[1]',
    created: new Date('2026-03-01T11:59:00.000Z'),
    expires: new Date('2026-03-01T12:01:00.000Z'),
    machines: ['m1', 'm2'],
    kept: false,
    timeToLive: 120_000,
    ...change,
  };
}

export const CONTAINER: ContainerSpec = {
  name: 'proofgrid-0123456789ab-m1',
  hostname: 'm1',
  network: 'proofgrid-0123456789ab',
  address: '10.213.4.10',
  macAddress: '02:42:0a:d5:04:0a',
  image: 'localhost/proofgrid/machine:1',
  cpus: 1.5,
  memory: 2 ** 31,
  labels: { 'dev.proofgrid.lease': '0123456789ab' },
  environment: { container_uuid: 'u' },
  ulimits: { nofile: 20_000 },
  mounts: [
    { source: '/v/etcd', target: '/var/lib/etcd', readOnly: false },
    { source: '/cache/a,b', target: '/opt/seed', readOnly: true },
  ],
  entrypoint: '/bin/sh',
  arguments: ['-c', 'exec /sbin/init'],
};
