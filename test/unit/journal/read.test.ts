import { expect, test } from 'vitest';
import { parseJournal, readJournal } from '../../../harness/journal/read.ts';
import { PASSED_RUN, journalBytes } from './sample.ts';

const whole = journalBytes(PASSED_RUN);

test('a whole journal reads whole', () => {
  const { lines, torn, unreadable } = parseJournal(whole);
  expect(lines).toHaveLength(PASSED_RUN.length);
  expect({ torn, unreadable }).toEqual({ torn: false, unreadable: [] });
});

test('cut at any byte, exactly the whole lines are read and the rest is torn', () => {
  const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const { lines, torn } = parseJournal(whole.subarray(0, cut));
    const complete = ends.filter((end) => end <= cut).length;
    const atEdge = cut === 0 || ends.includes(cut) || whole[cut - 1] === 0x0a;
    expect([lines.length, torn], `cut at ${cut}`).toEqual([complete, !atEdge]);
  }
});

test.each([
  ['binary', Buffer.from([0, 255, 254, 10, 128, 10])],
  ['other JSON', Buffer.from('null\n[]\n"x"\n{}\n{"v":1,"seq":1}\n')],
  ['a newer version', Buffer.from('{"v":2,"seq":1,"at":"2026-11-23T09:00:00.000Z","type":"cell-started","cell":"c"}\n')],
  ['an unknown verdict', Buffer.from('{"v":1,"seq":1,"at":"2026-11-23T09:00:00.000Z","type":"cell-finished","cell":"c","verdict":"fine","durationMs":1}\n')],
  ['a line with a field missing', Buffer.from('{"v":1,"seq":1,"at":"2026-11-23T09:00:00.000Z","type":"cell-started"}\n')],
])('%s is no line of a journal', (_what, bytes) => {
  const { lines, torn, unreadable } = parseJournal(bytes);
  expect(lines).toEqual([]);
  expect(torn).toBe(true);
  expect(unreadable.length).toBeGreaterThan(0);
});

test('garbage between lines costs no line', () => {
  const text = whole.toString('utf8').split('\n').join('\n\u0000garbage{\n');
  expect(parseJournal(Buffer.from(text)).lines).toHaveLength(PASSED_RUN.length);
});

test('a journal that is not there is the caller’s mistake', () => {
  expect(() => readJournal('/nonexistent/journal.jsonl')).toThrow(expect.objectContaining({ code: 'JOURNAL_NOT_READABLE', fault: 'usage' }) as Error);
});
