import { expect, test } from 'vitest';
import { settingComplaints } from '../../../../harness/suite/e2e/settings.ts';

const compare = (expected: object, live: object, disk: object) => settingComplaints({ what: 'p', file: '/f', expected: { ...expected }, live: { ...live }, disk: { ...disk }, besides: ['known'] });

test('what is equal everywhere, or as empty as nothing, is no complaint', () => {
  expect(compare({ a: 1, list: ['x'], none: 0, off: false, map: {} }, { a: 1, list: ['x'], known: 'x', more: 'by default' }, { a: 1, list: ['x'], none: 0, off: false, known: 'x' })).toEqual([]);
});

test('a value that is wrong and one that is not live yet are told apart', () => {
  expect(compare({ a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 2 } })).toEqual(['p has a.b 2, expected 1']);
  expect(compare({ a: { b: 1 } }, { a: { b: 1 } }, { a: { b: 2 } })).toEqual(['/f has a.b 2, and p runs with 1']);
});

test('a setting that is too much in a file, or lacks there, is named', () => {
  expect(compare({ a: 1 }, { a: 1, extra: true }, { extra: true })).toEqual(['/f has extra true, which nobody asked for', '/f lacks a']);
});
