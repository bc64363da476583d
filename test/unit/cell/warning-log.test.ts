import { expect, test } from 'vitest';
import { WarningLog } from '../../../harness/cell/warning-log.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { warningsOf } from '../../../harness/journal/warning.ts';
import { html } from '../../../harness/report/html.ts';
import { junit } from '../../../harness/report/junit.ts';
import { paintFor } from '../../../harness/report/paint.ts';
import { summary } from '../../../harness/report/summary.ts';
import { CELL, PASSED_RUN, journalBytes } from '../journal/sample.ts';

const OLD = 'cgroup v1 is not what production should run: <refused> by default';

/** The run in which machines warned of this, in this order. */
function runWith(warnings: readonly (readonly [message: string, host: string])[]) {
  const events: JournalEvent[] = [];
  const log = new WarningLog({ write: (event) => void events.push(event), mask: () => undefined }, CELL);
  for (const [message, host] of warnings) log.add(message, host);
  return replay(parseJournal(journalBytes([...PASSED_RUN.slice(0, 3), ...events, ...PASSED_RUN.slice(3)])).lines);
}

test('one warning for each message, with the machines that it holds for, however often they say it', () => {
  const [cell] = runWith([[OLD, 'worker-1'], ['slow disk', 'worker-1'], [OLD, 'control-plane-1'], [OLD, 'worker-1']]).cells;
  expect(warningsOf(cell?.properties ?? {})).toEqual([`control-plane-1, worker-1: ${OLD}`, 'worker-1: slow disk']);
});

test('every report shows it, and the run has passed', () => {
  const record = runWith([[OLD, 'worker-1']]);
  expect(record.verdict).toBe('passed');
  expect(summary(record, undefined, paintFor(false))).toContain(`  ⚠ ${CELL}: worker-1: ${OLD}\n`);
  expect(html(record)).toContain('<p class="warning">⚠ worker-1: cgroup v1 is not what production should run: &lt;refused&gt; by default</p>');
  expect(junit(record)).toContain('<property name="warning.1" value="worker-1: cgroup v1 is not');
});
