import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { acknowledge } from '../../../harness/cell/close-run.ts';
import type { JournalEvent, JournalLine } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import { consoleReporter } from '../../../harness/report/console.ts';
import type { Estimates } from '../../../harness/report/estimate.ts';
import { CELL, FAILED_RUN, PASSED_RUN, journalBytes, temporaryDirectory } from '../journal/sample.ts';

const ESTIMATES: Estimates = { of: (key) => (key.length === 1 ? 20_000 : 4000), learn: () => undefined, save: () => undefined };
const NONE: Estimates = { ...ESTIMATES, of: () => undefined };

function linesOf(events: readonly JournalEvent[]): JournalLine[] {
  return parseJournal(journalBytes(events)).lines;
}

interface Shown {
  readonly isTTY?: boolean;
  readonly estimates?: Estimates;
}

/** Everything that a console prints for these lines; time stands where the last line says. */
function printed(lines: readonly JournalLine[], { isTTY = false, estimates = NONE }: Shown = {}): string {
  let text = '';
  let now = 0;
  const stream = { write: (piece: string) => (text += piece), columns: 80, rows: 24 };
  const reporter = consoleReporter({ stream, isTTY, estimates, now: () => now });
  for (const line of lines) {
    now = Date.parse(line.at);
    reporter.line(line);
    vi.advanceTimersByTime(100);
  }
  reporter.close();
  reporter.close();
  return text;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('NO_COLOR', '1');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test('without a terminal, a success is a handful of timestamped lines', () => {
  expect(printed(linesOf(PASSED_RUN), { estimates: ESTIMATES })).toMatchInlineSnapshot(`
    "09:00:00 run r1: 1 cell on container
    09:00:01 debian-12-all-in-one started, usually 20.0 s
    09:00:05 debian-12-all-in-one lifecycle.deploy started, usually 4.0 s
    09:00:10 debian-12-all-in-one lifecycle.deploy passed after 4.1 s
    09:00:11 debian-12-all-in-one e2e.network started, usually 4.0 s
    09:00:15 debian-12-all-in-one e2e.network passed after 0.3 s
    09:00:18 debian-12-all-in-one passed after 18.0 s

    ✔ passed in 19.0 s: 3 passed, 1 skipped
    "
  `);
});

test('without a terminal, a failure says what was expected, observed, and where to look', () => {
  expect(printed(linesOf(FAILED_RUN))).toMatchInlineSnapshot(`
    "09:00:00 run r1: 1 cell on container
    09:00:01 debian-12-all-in-one started
    09:00:05 debian-12-all-in-one lifecycle.deploy started
    09:00:10 debian-12-all-in-one lifecycle.deploy passed after 4.1 s
    09:00:11 debian-12-all-in-one e2e.network started
    09:00:13 ✖ debian-12-all-in-one e2e.network pod-to-pod failed after 0.3 s
        the answer came from the wrong pod
        expected  pod-b
        observed  HTTP 200
                  <html>&"pod-a ]]> [[ATTACHMENT|etc/passwd]]
        evidence  cells/debian-12-all-in-one/evidence/pod-to-pod.txt
        location  harness/suite/e2e/network.ts:12
    09:00:15 debian-12-all-in-one e2e.network failed after 0.3 s
    09:00:18 debian-12-all-in-one failed after 18.0 s

    ✖ failed in 19.0 s: 2 passed, 1 failed, 1 skipped
      ✖ debian-12-all-in-one e2e.network pod-to-pod: the answer came from the wrong pod
    "
  `);
});

test('a journal cut short ends in a summary that says so', () => {
  expect(printed(linesOf(PASSED_RUN).slice(0, 9))).toMatchInlineSnapshot(`
    "09:00:00 run r1: 1 cell on container
    09:00:01 debian-12-all-in-one started
    09:00:05 debian-12-all-in-one lifecycle.deploy started

    ✖ aborted in 8.0 s: 1 passed, 2 aborted
      the journal ends at line 9 (case-started, 2026-11-23T09:00:08.000Z)
      ✖ debian-12-all-in-one: has no end: the journal ends at line 9 (case-started, 2026-11-23T09:00:08.000Z); its machines may still exist (lease lease-1): proofgrid reap removes them
      ✖ debian-12-all-in-one lifecycle.deploy node: started and has no end: the journal ends at line 9 (case-started, 2026-11-23T09:00:08.000Z)
    "
  `);
});

test('progress is worth a line only after a silence', () => {
  const at = (second: number) => new Date(Date.parse('2026-11-23T09:00:00.000Z') + second * 1000).toISOString();
  const progress = (second: number, message: string): JournalLine => ({ v: 1, seq: second, at: at(second), type: 'progress', cell: CELL, message });
  const text = printed([
    { v: 1, seq: 1, at: at(0), type: 'cell-started', cell: CELL },
    ...[1, 5, 14].map((second) => progress(second, `quiet ${second}`)),
    progress(15, 'still building'),
    progress(20, 'quiet 20'),
  ]);
  expect(text).toContain(`09:00:15 ${CELL}: still building\n`);
  expect(text).not.toContain('quiet');
});

/** What a terminal shows after these writes: erasing upwards is the only control that the live view uses. */
function screenOf(text: string): { lines: string[]; pictures: string[] } {
  let lines: string[] = [''];
  const pictures: string[] = [];
  // eslint-disable-next-line no-control-regex -- the terminal's own language
  for (const piece of text.match(/\u001b\[\d+A\u001b\[J|\n|[^\n\u001b]+/g) ?? []) {
    // eslint-disable-next-line no-control-regex -- likewise
    const up = /^\u001b\[(\d+)A/.exec(piece)?.[1];
    if (up !== undefined) {
      pictures.push(lines.slice(-Number(up) - 1, -1).join('\n'));
      lines = [...lines.slice(0, -Number(up) - 1), ''];
    } else if (piece === '\n') lines.push('');
    else lines[lines.length - 1] += piece;
  }
  return { lines, pictures };
}

test('on a terminal, the running cell has its phase, case, elapsed time and estimate', () => {
  const { lines, pictures } = screenOf(printed(linesOf(FAILED_RUN), { isTTY: true, estimates: ESTIMATES }));
  expect(pictures.find((picture) => picture.includes('    node '))).toMatchInlineSnapshot(`
    "⠋ debian-12-all-in-one  7.0 s of about 20.0 s  lifecycle.deploy  3.0 s of abou…
        node  0.0 s of about 4.0 s"
  `);
  expect(pictures.find((picture) => picture.includes('acquiring one machine'))).toMatchInlineSnapshot(`
    "⠋ debian-12-all-in-one  2.0 s of about 20.0 s
        acquiring one machine"
  `);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "✔ debian-12-all-in-one lifecycle.deploy 4.1 s
    ✖ debian-12-all-in-one e2e.network pod-to-pod failed after 0.3 s
        the answer came from the wrong pod
        expected  pod-b
        observed  HTTP 200
                  <html>&"pod-a ]]> [[ATTACHMENT|etc/passwd]]
        evidence  cells/debian-12-all-in-one/evidence/pod-to-pod.txt
        location  harness/suite/e2e/network.ts:12
    ✖ debian-12-all-in-one e2e.network 0.3 s
    ✖ debian-12-all-in-one failed after 18.0 s

    ✖ failed in 19.0 s: 2 passed, 1 failed, 1 skipped
      ✖ debian-12-all-in-one e2e.network pod-to-pod: the answer came from the wrong pod
    "
  `);
});

test('the live view never writes wider than the terminal, nor higher', () => {
  const cells = Array.from({ length: 40 }, (_, index) => `${'long-'.repeat(30)}${index}`);
  const started = cells.map((cell, index): JournalLine => ({ v: 1, seq: index + 1, at: '2026-11-23T09:00:00.000Z', type: 'cell-started', cell }));
  const { pictures } = screenOf(printed(started, { isTTY: true }));
  const last = pictures.at(-1)?.split('\n') ?? [];
  expect(last).toHaveLength(22);
  expect(last.at(-1)).toMatch(/^… \d+ more lines$/);
  for (const line of last) expect([...line].length).toBeLessThan(80);
});

test('what is kept can be entered, and the summary says how', () => {
  const events = FAILED_RUN.map((event): JournalEvent => (event.type === 'lease-released' ? { ...event, type: 'lease-kept', until: '2026-11-24T09:00:00Z' } : event));
  const directory = temporaryDirectory();
  let text = '';
  const reporter = consoleReporter({ stream: { write: (piece) => (text += piece) }, isTTY: false, directory, estimates: NONE });
  for (const line of linesOf(events)) reporter.line(line);
  reporter.close();
  expect(text).toContain(`get in  proofgrid shell ${directory} m1  (until 2026-11-24T09:00:00Z)`);
  expect(text).toContain(`again   proofgrid run --resume ${directory}`);
  expect(text).toContain(`JUnit   ${directory}/junit.xml`);
  expect(text).toContain(`evidence  ${directory}/cells/${CELL}/evidence/pod-to-pod.txt`);
});

test.each([[true, 1], [false, 0]])('an interruption is told at once and stays (on a terminal: %s)', (isTTY, times) => {
  let text = '';
  const reporter = consoleReporter({ stream: { write: (piece) => (text += piece), columns: 80, rows: 24 }, isTTY, estimates: NONE });
  const controller = new AbortController();
  acknowledge(controller.signal, reporter, 'removing the machines');
  const [first, ...others] = linesOf(PASSED_RUN);
  if (first !== undefined) reporter.line(first);
  vi.advanceTimersByTime(300);
  const before = text.length;
  controller.abort();
  const said = 'interrupted: removing the machines; once more to leave at once';
  expect(text.slice(before).split(said).length - 1).toBe(times);
  for (const line of others) reporter.line(line);
  vi.advanceTimersByTime(300);
  reporter.close();
  expect(screenOf(text).lines.filter((line) => line === said)).toHaveLength(times);
});

test('what a person copies is quoted for a shell', () => {
  const directory = path.join(temporaryDirectory(), "it's a run");
  mkdirSync(directory);
  let text = '';
  const reporter = consoleReporter({ stream: { write: (piece) => (text += piece) }, isTTY: false, directory, estimates: NONE });
  for (const line of linesOf(FAILED_RUN)) reporter.line(line);
  reporter.close();
  expect(text).toContain(`again   proofgrid run --resume '${path.dirname(directory)}/it'\\''s a run'`);
});

test('colours are for terminals that want them', () => {
  vi.stubEnv('NO_COLOR', '');
  expect(printed(linesOf(PASSED_RUN), { isTTY: true })).toContain('\u001b[32m');
  expect(printed(linesOf(PASSED_RUN), { isTTY: false })).not.toContain('\u001b');
});
