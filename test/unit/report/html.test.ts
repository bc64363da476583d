import { expect, test } from 'vitest';
import { VERDICTS, type JournalEvent } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import type { CaseRecord, RunRecord } from '../../../harness/journal/record.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { html } from '../../../harness/report/html.ts';
import { CELL, FAILED_RUN, PASSED_RUN, journalBytes } from '../journal/sample.ts';
import { randomOf } from '../../random.ts';
import { nastyText } from './nasty-text.ts';

function recordOf(events: readonly JournalEvent[]): RunRecord {
  return replay(parseJournal(journalBytes(events)).lines);
}

const TAGS = new Set(
  'html head meta title style body main header section footer article h1 h2 h3 p span b small code pre a ul li dl dt dd div table thead tbody tr th td details summary'.split(' '),
);
const VOID = new Set(['meta']);

/** Every tag and attribute of a page; throws for markup that the page's own code does not write. */
function tagsOf(page: string): { name: string; attributes: Record<string, string> }[] {
  const body = page.replace('<!doctype html>', '').replace(/<style>[^<]*<\/style>/, '<style></style>');
  const open: string[] = [];
  const tags: { name: string; attributes: Record<string, string> }[] = [];
  const found = body.replace(/<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)>/g, (_tag, slash: string, name: string, rest: string) => {
    if (!TAGS.has(name)) throw new Error(`unexpected tag ${name}`);
    if (slash === '/') {
      const expected = open.pop();
      if (expected !== name) throw new Error(`</${name}> closes <${String(expected)}>`);
      return '';
    }
    if (!VOID.has(name)) open.push(name);
    tags.push({ name, attributes: Object.fromEntries([...rest.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [key, value])) });
    return '';
  });
  if (open.length > 0) throw new Error(`not closed: ${open.join(' ')}`);
  if (/[<>]/.test(found)) throw new Error(`stray markup: ${/.{0,40}[<>].{0,40}/s.exec(found)?.[0] ?? ''}`);
  return tags;
}

test('the page needs nothing from outside and runs nothing', () => {
  const page = html(recordOf(FAILED_RUN));
  const tags = tagsOf(page);
  for (const { name, attributes } of tags) {
    expect(Object.keys(attributes).filter((key) => key.startsWith('on') || key === 'src' || key === 'style')).toEqual([]);
    if (name === 'a') expect(attributes['href']).toMatch(/^(\.\/|#)/);
  }
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(page).not.toMatch(/https?:\/\//);
  expect(page).not.toMatch(/url\(|@import/);
});

test('failures come before everything else, with what was expected and observed', () => {
  const page = html(recordOf(FAILED_RUN));
  const order = ['1</b> failed', 'What went wrong', 'pod-to-pod', '<pre>pod-b</pre>', '&lt;html&gt;&amp;&quot;pod-a ]]&gt;', 'Cells and phases', `id="cell-${CELL}"`].map((text) => page.indexOf(text));
  expect(order).not.toContain(-1);
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(page).toContain(`href="./cells/${CELL}/evidence/pod-to-pod.txt"`);
  expect(page).toContain('harness/suite/e2e/network.ts:12');
});

test('a passed run has no section of failures, and its properties', () => {
  const page = html(recordOf(PASSED_RUN));
  expect(page).toContain('<title>passed: debian-12-all-in-one</title>');
  expect(page).not.toContain('What went wrong');
  expect(page).toContain('1.20.2+deb12u1');
  expect(page).toContain('✔ 1/2');
});

test('a journal that is not whole says so, and an empty one gives a page too', () => {
  expect(html(replay([]))).toContain('The journal is not whole');
  expect(html(recordOf(PASSED_RUN.slice(0, 9)))).toContain('started and has no end');
});

test('evidence is linked from where the page lies, and never outside the run directory', () => {
  const [cell] = recordOf(FAILED_RUN).cells;
  if (cell === undefined) throw new Error('the sample has a cell');
  const paths = ['a b/ü#?.txt', 'javascript:alert(1)', '../../etc/passwd', '/etc/passwd'];
  const record = { ...recordOf(FAILED_RUN), cells: [{ ...cell, phases: [], evidence: paths.map((path) => ({ path, title: 't' })) }] };
  const links = tagsOf(html(record, { evidenceBase: '../run' })).flatMap(({ name, attributes }) => (name === 'a' ? [attributes['href']] : []));
  expect(links.filter((link) => link?.startsWith('./'))).toEqual(['./../run/a%20b/%C3%BC%23%3F.txt', './../run/javascript%3Aalert(1)']);
});

test('any text in any place is escaped', () => {
  const base = recordOf(FAILED_RUN);
  const [cell] = base.cells;
  const [phase] = cell?.phases ?? [];
  if (cell === undefined || phase === undefined) throw new Error('the sample has a phase');
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomOf(seed);
    const text = () => nastyText(random);
    const verdict = VERDICTS[Math.floor(random() * VERDICTS.length)] ?? 'failed';
    const each: CaseRecord = { name: text(), classname: text(), verdict, durationMs: 1, attempts: 2, message: text(), expected: text(), observed: text(), evidence: text(), location: text() };
    const record: RunRecord = {
      ...base,
      ...{ run: text(), version: text(), provider: text(), argv: [text()], reason: text(), problems: [text()] },
      cells: [{ ...cell, cell: text(), reason: text(), axes: { [text()]: text() }, properties: { [text()]: text() }, phases: [{ ...phase, suite: text(), phase: text(), message: text(), verdict, cases: [each] }], evidence: [{ path: text(), title: text() }] }],
    };
    expect(() => tagsOf(html(record)), `seed ${seed}`).not.toThrow();
  }
});
