import { expect, test } from 'vitest';
import { timeTable } from '../time-reporter.ts';

test('the slowest files first, then the projects, then what a person waited', () => {
  const files = [
    { project: 'unit', file: 'test/unit/a.test.ts', duration: 900 },
    { project: 'system', file: 'test/system/kill.test.ts', duration: 65_400 },
    { project: 'system', file: 'test/system/sabotage/ha.test.ts', duration: 900_000 },
  ];
  expect(timeTable(files, 966_000)).toMatchInlineSnapshot(`
    "
     Time
       15:00  test/system/sabotage/ha.test.ts
        1:05  test/system/kill.test.ts
     
        0:01  1 file of unit
       16:05  2 files of system
       16:06  in all; npm test may take 45 min with a warm cache, 65 min with a cold one
    "
  `);
});

test('a handful of quick files needs no table', () => {
  expect(timeTable([{ project: 'unit', file: 'test/unit/a.test.ts', duration: 900 }], 1000)).toBe('');
});
