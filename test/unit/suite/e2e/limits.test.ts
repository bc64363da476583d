import { expect, test } from 'vitest';
import { judgeLimits } from '../../../../harness/suite/e2e/limits.ts';

const ended = (exitCode: number, reason: string, message = '') => ({ exitCode, reason, message });
const KILLED = ended(137, 'OOMKilled');

test('a container that was killed and one that had its share of a core', () => {
  expect(judgeLimits({ memory: KILLED, cpu: ended(0, 'Completed', '20\n') })).toEqual([]);
  // Docker says no reason
  expect(judgeLimits({ memory: ended(137, 'Error'), cpu: ended(0, 'Completed', '50\n') })).toEqual([]);
});

test.each([
  ['survived', ended(0, 'Completed', 'survived\n'), ended(0, 'Completed', '20'), ['a container used four times its memory: survived']],
  ['another error is no proof', ended(127, 'Error'), ended(0, 'Completed', '20'), ['a container used four times its memory: exit code 127']],
  ['a whole core', KILLED, ended(0, 'Completed', '199\n'), ['a container with a tenth of a core used 199 ticks of 100 a second in 2 s']],
  ['nothing measured', KILLED, ended(0, 'Completed', ''), ['a container with a tenth of a core used nobody knows how many ticks of 100 a second in 2 s']],
  ['nothing known', undefined, undefined, ['a container used four times its memory: exit code undefined', 'a container with a tenth of a core used nobody knows how many ticks of 100 a second in 2 s']],
])('%s', (_, memory, cpu, complaints) => {
  expect(judgeLimits({ memory, cpu })).toEqual(complaints);
});
