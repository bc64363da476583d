import { expect, test } from 'vitest';
import { labelled, labelOf, leaseLabels, parseLeaseLabels } from '../../../../harness/provider/container/labels.ts';
import { leaseFacts } from './fixtures.ts';

test('what is written is read back', () => {
  const facts = leaseFacts({ kept: true, machines: ['a', 'b-2'] });
  expect(parseLeaseLabels(leaseLabels(facts))).toEqual(facts);
});

test('a value survives whatever it contains, and never breaks the CSV that podman reads', () => {
  const value = `a,b "c" = 'd' %20 \n ü \\`;
  const labels = labelled({ note: value });
  expect(labels['dev.proofgrid.note']).not.toMatch(/[,"'=\s]/);
  expect(labelOf(labels, 'note')).toBe(value);
});

test.each([
  ['no labels at all', {}],
  ['a label that only looks like ours', { 'dev.proofgrid.lease': 'mine' }],
  ['a wrong number', { ...leaseLabels(leaseFacts()), 'dev.proofgrid.pid': 'x' }],
])('%s is not ours to judge', (_title, labels) => {
  expect(parseLeaseLabels(labels)).toBeUndefined();
});
