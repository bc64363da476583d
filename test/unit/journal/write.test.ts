import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readJournal } from '../../../harness/journal/read.ts';
import { openJournal } from '../../../harness/journal/write.ts';
import type { JournalLine } from '../../../harness/journal/event.ts';
import { CELL, PASSED_RUN, temporaryJournal, tickingClock } from './sample.ts';

const progress = (message: string) => ({ type: 'progress', cell: CELL, message }) as const;

function written(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('every event is one numbered line with its time, there as soon as write returns', () => {
  const file = temporaryJournal();
  const journal = openJournal(file, { now: tickingClock() });
  for (const [index, event] of PASSED_RUN.entries()) {
    journal.write(event);
    expect(written(file).at(-1)).toEqual({ v: 1, seq: index + 1, at: new Date(Date.parse('2026-11-23T09:00:00Z') + index * 1000).toISOString(), ...event });
  }
  journal.close();
  expect(readJournal(file)).toMatchObject({ torn: false, unreadable: [], endsWithNewline: true });
});

test('an existing journal is continued after its last number', () => {
  const file = temporaryJournal();
  for (const message of ['first', 'second']) {
    const journal = openJournal(file);
    journal.write(progress(message));
    journal.close();
  }
  expect(written(file).map(({ seq, message }) => [seq, message])).toEqual([[1, 'first'], [2, 'second']]);
});

test('a line that a crash tore is closed off, and costs nothing but itself', () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  journal.write(progress('whole'));
  journal.close();
  appendFileSync(file, '{"v":1,"seq":2,"at":"2026-11-23T09:00:0');
  const resumed = openJournal(file);
  resumed.write(progress('after'));
  resumed.close();
  const { lines, torn, unreadable } = readJournal(file);
  expect(lines.map(({ seq }) => seq)).toEqual([1, 2]);
  expect({ torn, unreadable }).toEqual({ torn: false, unreadable: [2] });
});

test('listeners hear the line that was written, masked, and one that throws is let go', async () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  const heard: JournalLine[] = [];
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  journal.onLine(() => {
    throw new Error('the report broke');
  });
  const stop = journal.onLine((line) => heard.push(line));
  journal.mask('correct horse battery');
  journal.write(progress('the password is correct horse battery'));
  journal.write(progress('still going'));
  stop();
  journal.write(progress('nobody hears'));
  journal.close();
  expect(heard.map((line) => line.type === 'progress' && line.message)).toEqual(['the password is [masked]', 'still going']);
  expect(written(file)).toHaveLength(3);
  expect((await warned).message).toContain('the report broke');
});

test('long texts are cut at their limit and say so', () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  const long = 'ä'.repeat(50_000);
  journal.write({
    ...{ type: 'case-finished', cell: CELL, suite: 's', phase: 'p', name: long, classname: 'c', verdict: 'failed', durationMs: 1 },
    ...{ message: long, expected: long, observed: long },
  });
  journal.close();
  const [line] = written(file);
  const sizes = Object.fromEntries(['name', 'message', 'expected', 'observed'].map((key) => [key, Buffer.byteLength(String(line?.[key]))]));
  expect(sizes['name']).toBeLessThanOrEqual(4096);
  expect(sizes['message']).toBeLessThanOrEqual(4096);
  expect(sizes['expected']).toBeLessThanOrEqual(16_384);
  expect(sizes['observed']).toBeGreaterThan(16_300);
  expect(line?.['observed']).toMatch(/ä … \[cut, 100000 bytes in all\]$/);
});

test('control sequences never reach the file', () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  journal.write(progress('\u001b[31mred\u001b[0m \u001b]0;title\u0007bell\u0007 \u009b1mC1 a\r\nb\rc\u0000 \ud800'));
  journal.close();
  expect(written(file)[0]?.['message']).toBe('red bell C1 a\nb\nc \ufffd');
});

test('a duration that is no number costs no line', () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  for (const durationMs of [NaN, -5, Infinity]) journal.write({ type: 'cell-finished', cell: CELL, verdict: 'failed', durationMs });
  journal.close();
  expect(readJournal(file).lines.map((line) => line.type === 'cell-finished' && line.durationMs)).toEqual([0, 0, 0]);
});

test('a closed journal takes nothing more, gives its lock back, and closes twice', () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  journal.close();
  journal.close();
  expect(() => journal.write(progress('late'))).toThrow(/is closed/);
  expect(statSync(file).size).toBe(0);
  expect(readdirSync(path.dirname(file))).toEqual(['journal.jsonl']);
});
