import { expect, test } from 'vitest';
import { TimeLog } from '../../../bench/time-log.ts';
import { timeTable } from '../../../bench/time-table.ts';

const at = '2026-11-23T09:00:00.000Z';

function times(...tasks: readonly (readonly [task: string, host: string, seconds: number])[]) {
  const log = new TimeLog();
  for (const [task, host, seconds] of tasks) log.see({ type: 'task-finished', at, step: 'etcd', task, host, status: 'ok', durationMs: seconds * 1000 });
  log.see({ type: 'step-finished', at, step: 'etcd', outcome: 'passed', durationMs: 4000, changed: 0 });
  return log.times;
}

test('a task lasts as long as on its slowest machine, and quick ones are summed up', () => {
  const rounds = [times(['Start', 'a', 1], ['Start', 'b', 3], ['Link', 'a', 0.1]), times(['Start', 'a', 2], ['Link', 'a', 0.2]), times(['Start', 'a', 1.5])];
  expect(timeTable('small', rounds)).toBe(["small: where Ansible's time goes (s)", '    4.0  etcd', '           2.0  Start', '           2.0  everything else'].join('\n'));
});
