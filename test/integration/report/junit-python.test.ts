import { execa } from 'execa';
import { expect, test } from 'vitest';
import { VERDICTS } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import type { RunRecord } from '../../../harness/journal/record.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { junit } from '../../../harness/report/junit.ts';
import { FAILED_RUN, PASSED_RUN, journalBytes } from '../../unit/journal/sample.ts';
import { randomOf } from '../../random.ts';
import { nastyText } from '../../unit/report/nasty-text.ts';

/** Expat reads each document on its own; one JSON line of facts comes back for each. */
const READER = `
import json, sys, xml.etree.ElementTree as tree
for line in sys.stdin:
    root = tree.fromstring(json.loads(line).encode('utf-8'))
    print(json.dumps({'root': root.tag, 'cases': len(root.findall('.//testcase')), 'bad': int(root.get('failures')) + int(root.get('errors'))}))
`;

interface Facts {
  readonly root: string;
  readonly cases: number;
  readonly bad: number;
}

/** What a parser that is not ours makes of our documents. */
async function readByExpat(documents: readonly string[]): Promise<Facts[]> {
  const input = documents.map((document) => JSON.stringify(document)).join('\n');
  const { stdout } = await execa('python3', ['-c', READER], { input, maxBuffer: 50_000_000 });
  return stdout.split('\n').map((line) => JSON.parse(line) as Facts);
}

test('expat reads the JUnit of a journal cut at any byte', async () => {
  const documents = new Map<string, string>();
  for (const bytes of [PASSED_RUN, FAILED_RUN].map(journalBytes)) {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { lines, torn } = parseJournal(bytes.subarray(0, cut));
      const key = `${bytes.length} ${lines.length} ${String(torn)}`;
      if (!documents.has(key)) documents.set(key, junit(replay(lines, { torn })));
    }
  }
  const facts = await readByExpat([...documents.values()]);
  expect(facts).toHaveLength(documents.size);
  for (const { root, cases } of facts) expect([root, cases > 0]).toEqual(['testsuites', true]);
  const whole = [...documents.keys()].findIndex((key) => key.endsWith(` ${PASSED_RUN.length} false`));
  expect(facts.map(({ bad }, index) => (bad === 0 ? index : -1)).filter((index) => index !== -1)).toEqual([whole]);
});

test('expat reads the JUnit of any text in any place', async () => {
  const base = replay(parseJournal(journalBytes(FAILED_RUN)).lines);
  const [cell] = base.cells;
  if (cell === undefined) throw new Error('the sample has a cell');
  const documents = Array.from({ length: 500 }, (_, seed) => {
    const random = randomOf(seed + 1000);
    const text = () => nastyText(random);
    const verdict = VERDICTS[seed % VERDICTS.length] ?? 'failed';
    const each = { name: text(), classname: text(), verdict, durationMs: 1, attempts: 1, message: text(), expected: text(), observed: text(), evidence: text(), location: text() };
    const record: RunRecord = { ...base, reason: text(), cells: [{ ...cell, cell: text(), reason: text(), axes: { [text()]: text() }, phases: [{ suite: text(), phase: text(), verdict, durationMs: 1, cases: [each] }] }] };
    return junit(record, { attachmentBase: 'runs/r1' });
  });
  const facts = await readByExpat(documents);
  expect(facts).toHaveLength(documents.length);
  for (const { cases } of facts) expect(cases).toBeGreaterThanOrEqual(3);
});
