import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { VERDICTS, type JournalEvent } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import type { CaseRecord, RunRecord } from '../../../harness/journal/record.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { FILTER_SCRIPT } from '../../../harness/report/html-filter.ts';
import { html } from '../../../harness/report/html.ts';
import { CELL, FAILED_RUN, PASSED_RUN, journalBytes } from '../journal/sample.ts';
import { manyCells } from '../../many-cells.ts';
import { randomOf } from '../../random.ts';
import { nastyText } from './nasty-text.ts';

function recordOf(events: readonly JournalEvent[]): RunRecord {
  return replay(parseJournal(journalBytes(events)).lines);
}

const TAGS = new Set(
  'html head meta title style body main header section footer article h1 h2 h3 p span b small code pre a ul li dl dt dd div table thead tbody tr th td details summary form label input select option output script'.split(' '),
);
const VOID = new Set(['meta', 'input']);

/** Every tag and attribute of a page; throws for markup that the page's own code does not write. */
function tagsOf(page: string): { name: string; attributes: Record<string, string> }[] {
  const body = page.replace('<!doctype html>', '').replace(/<style>[^<]*<\/style>/, '<style></style>').replace(FILTER_SCRIPT.html, '');
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

test('the page needs nothing from outside and runs its own script alone', () => {
  const page = html(recordOf(FAILED_RUN));
  const tags = tagsOf(page);
  for (const { name, attributes } of tags) {
    expect(Object.keys(attributes).filter((key) => key.startsWith('on') || key === 'src' || key === 'style')).toEqual([]);
    if (name === 'a') expect(attributes['href']).toMatch(/^(\.\/|#)/);
  }
  const [, script = ''] = /<script>([^]*?)<\/script>/.exec(page) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  expect(script).toContain('filter-text');
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain(`content="${`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`.replaceAll("'", '&#39;')}"`);
  expect(page).not.toMatch(/https?:\/\//);
  expect(page).not.toMatch(/url\(|@import/);
});

test('failures come before everything else, with what was expected and observed', () => {
  const page = html(recordOf(FAILED_RUN));
  const order = ['1</b> failed', 'What went wrong', 'pod-to-pod', '<pre>pod-b</pre>', '&lt;html&gt;&amp;&quot;pod-a ]]&gt;', 'Cells and phases', 'What was skipped', 'id="cell-1"'].map((text) => page.indexOf(text));
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
  expect(page).toContain('✔ e2e 1/2');
  expect(page).toContain('<summary>dns: none <small>1 case</small></summary><ul><li>e2e.network dns</li></ul>');
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

test('every link within the page leads somewhere, and no two places have one name', () => {
  const tags = tagsOf(html(manyCells(30)));
  const ids = tags.flatMap(({ attributes }) => attributes['id'] ?? []);
  const targets = tags.flatMap(({ attributes }) => (attributes['href']?.startsWith('#') === true ? [attributes['href'].slice(1)] : []));
  expect(new Set(ids).size).toBe(ids.length);
  expect(targets.length).toBeGreaterThan(40);
  expect(targets.filter((each) => !ids.includes(each))).toEqual([]);
});

test('cells that went wrong come first, and rows say what distinguishes them', () => {
  const page = html(manyCells(30));
  const verdicts = [...page.matchAll(/data-verdict="(\w+)"/g)].map(([, verdict]) => verdict);
  expect(verdicts).toHaveLength(30);
  expect(verdicts.lastIndexOf('failed')).toBeLessThan(verdicts.indexOf('passed'));
  expect(page).toMatch(/<small>os debian-12 · kubernetes 1\.34\.4 · network bridge · topology all-in-one<\/small>/);
});

test('a kept machine comes with the command that opens it, and a released one without', () => {
  const kept = html(manyCells(1), { directory: "runs/it's" });
  expect(kept).toContain('proofgrid shell &#39;runs/it&#39;\\&#39;&#39;s&#39; control-plane-1\n');
  const [cell] = manyCells(30).cells;
  expect(html(manyCells(30), { directory: 'runs/r' })).toContain(`proofgrid shell runs/r ${cell?.cell ?? ''}/control-plane-2`);
  expect(html(recordOf(PASSED_RUN))).not.toContain('proofgrid shell');
});

test('versions are folded away, axes are not', () => {
  expect(html(manyCells(1))).toMatch(/<dd>debian-12<\/dd>[^]*<details class="versions"><summary><b>Versions and other facts<\/b> <small>4<\/small><\/summary><dl class="facts"><div><dt>etcd\.version/);
});

test('a long text is folded under its first line and stays whole', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n');
  const long = FAILED_RUN.map((event) => (event.type === 'case-finished' && event.verdict === 'failed' ? { ...event, observed: lines } : event));
  expect(html(recordOf(long))).toContain(`<details class="long"><summary><code>line 0</code> <small>40 lines</small></summary><pre>${lines}</pre></details>`);
});

test.each([
  [1, 300],
  [30, 4000],
  [300, 300],
  [300, 16_000],
])('a page of %i cells with texts of %i characters stays under 5 MB, and says what it lacks', (count, textLength) => {
  const record = manyCells(count, { textLength });
  const page = html(record);
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(5_000_000);
  expect(page.match(/data-verdict=/g)).toHaveLength(count);
  const cases = record.cells.reduce((sum, { phases }) => sum + phases.reduce((all, phase) => all + phase.cases.length, 0), 0);
  const rows = page.match(/<tr id="cell-/g)?.length ?? 0;
  if (rows === cases) expect(page).not.toContain('This page is not complete');
  else expect(page).toContain(`<li>${cases - rows} passed cases</li>`);
});

test('a record far too large for a page is not written out first', () => {
  const text = 'x'.repeat(16_000);
  const each: CaseRecord = { name: 'n', classname: 'c', verdict: 'failed', durationMs: 1, attempts: 1, expected: text, observed: text };
  const base = recordOf(FAILED_RUN);
  const [cell] = base.cells;
  const [phase] = cell?.phases ?? [];
  if (cell === undefined || phase === undefined) throw new Error('the sample has a phase');
  // 640 MB of texts: more than a string can hold
  const cases = Array.from({ length: 20_000 }, () => ({ ...each }));
  const page = html({ ...base, cells: [{ ...cell, phases: [{ ...phase, verdict: 'failed', cases }] }] });
  expect(Buffer.byteLength(page)).toBeLessThan(5_000_000);
  expect(page).toContain('<li>19980 other cases</li>');
});

test('the smaller a page has to be, the more it leaves out: passed cases first, failures last', () => {
  const record = manyCells(60, { textLength: 2000 });
  const sizes = [900_000, 300_000, 100_000, 50_000, 30_000].map((maxBytes) => {
    const page = html(record, { maxBytes });
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(maxBytes);
    expect(page).toContain('This page is not complete');
    expect(page).toContain('failed');
    expect(() => tagsOf(page)).not.toThrow();
    return Buffer.byteLength(page);
  });
  expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
  expect(html(record, { maxBytes: 300_000 })).toContain('the answer came from the wrong pod');
});
