import { expect, test } from 'vitest';
import { readAnswers } from '../../../../harness/suite/e2e/dig.ts';

/** As dig 9.18 prints it, without the fields that nobody reads. */
const OUTPUT = `---
- type: MESSAGE
  message:
    type: AUTH_RESPONSE
    query_time: !!timestamp 2026-11-27T06:53:20.059Z
    socket_protocol: UDP
    response_message_data:
      opcode: QUERY
      status: NOERROR
      QUESTION_SECTION:
        - 'external.ns.svc.cluster.local. IN A'
      ANSWER_SECTION:
        - 'external.ns.svc.cluster.local. 5 IN CNAME kubernetes.default.svc.cluster.local.'
        - 'kubernetes.default.svc.cluster.local. 5 IN A 10.96.0.1'
---
- type: MESSAGE
  message:
    socket_protocol: TCP
    response_message_data:
      status: NXDOMAIN
---
- type: DIG_ERROR
  message: |
    no servers could be reached
- type: DIG_ERROR
  message: |
    no servers could be reached
---
`;

test('answers are read in the order of the questions, their records sorted and without name and age', () => {
  expect(readAnswers(OUTPUT)).toEqual([
    { status: 'NOERROR', transport: 'UDP', records: ['A 10.96.0.1', 'CNAME kubernetes.default.svc.cluster.local.'] },
    { status: 'NXDOMAIN', transport: 'TCP', records: [] },
    { status: 'no servers could be reached', transport: undefined, records: [] },
    { status: 'no answer', transport: undefined, records: [] },
  ]);
  expect(readAnswers('')).toEqual([]);
});
