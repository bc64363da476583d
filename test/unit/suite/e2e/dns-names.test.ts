import { expect, test } from 'vitest';
import { whyWrong } from '../../../../harness/suite/e2e/dns-names.ts';

const service = { kind: 'service', question: { name: 'web', type: 'A' as const }, records: ['A 10.96.0.7'] };

test.for([
  ['the right record', 'NOERROR', 'UDP', ['A 10.96.0.7'], undefined],
  ['another record', 'NOERROR', 'UDP', ['A 10.96.0.8'], 'A 10.96.0.8 instead of A 10.96.0.7'],
  ['one record too many', 'NOERROR', 'UDP', ['A 10.96.0.7', 'A 10.96.0.8'], 'A 10.96.0.7, A 10.96.0.8 instead of A 10.96.0.7'],
  ['no such name', 'NXDOMAIN', 'UDP', [], 'NXDOMAIN, no records'],
  ['another transport', 'NOERROR', 'TCP', ['A 10.96.0.7'], 'answered over TCP'],
  ['no answer', 'no servers could be reached', undefined, [], 'no servers could be reached'],
] as const)('%s', ([, status, transport, records, why]) => {
  expect(whyWrong(service, 'UDP', { status, transport, records })).toBe(why);
});

test("an SRV record's weight is its server's own business", () => {
  const port = { kind: 'port', question: { name: '_http._tcp.web', type: 'SRV' as const }, records: ['SRV 0 80 web.'] };
  expect(whyWrong(port, 'UDP', { status: 'NOERROR', transport: 'UDP', records: ['SRV 0 100 80 web.'] })).toBeUndefined();
});
