import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJournal } from '../../../harness/journal/read.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { openJournal } from '../../../harness/journal/write.ts';
import { randomOf } from '../../random.ts';
import { temporaryJournal } from '../../unit/journal/sample.ts';

/** The same moments and messages each time; another number with PROOFGRID_JOURNAL_SEED tries others. */
const SEED = Number(process.env['PROOFGRID_JOURNAL_SEED'] ?? 20);

const root = fileURLToPath(new URL('../../../', import.meta.url));
let compiled = '';

/** The journal's sources for plain Node, compiled once and now: never stale, and without the compiler in every process. */
beforeAll(() => {
  // below node_modules, so that the copy finds the same dependencies
  const cache = path.join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  compiled = mkdtempSync(path.join(cache, 'killed-writer-'));
  writeFileSync(path.join(compiled, 'package.json'), '{"type":"module"}');
  for (const folder of ['harness/journal', 'lifecycle']) {
    mkdirSync(path.join(compiled, folder), { recursive: true });
    for (const name of readdirSync(path.join(root, folder)).filter((each) => each.endsWith('.ts'))) {
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, rewriteRelativeImportExtensions: true };
      const { outputText } = ts.transpileModule(readFileSync(path.join(root, folder, name), 'utf8'), { compilerOptions });
      writeFileSync(path.join(compiled, folder, name.replace(/\.ts$/, '.js')), outputText);
    }
  }
});
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

const source = (file: string) => JSON.stringify(path.join(compiled, file));

function startNode(script: string) {
  return execa('node', ['--input-type=module', '-e', script], { reject: false, buffer: false });
}

/** A process that takes the journal and writes messages of these lengths, over and over, until it is killed. */
function startWriter(file: string, lengths: readonly number[]) {
  const script = `
    import { openJournal } from ${source('harness/journal/write.js')};
    const journal = openJournal(${JSON.stringify(file)});
    journal.write({ type: 'run-started', run: 'r', version: '0', argv: [], provider: 'container', cells: [{ cell: 'c', axes: {}, suites: ['s'] }] });
    process.stdout.write('open\\n');
    const write = () => {
      for (const length of ${JSON.stringify(lengths)}) journal.write({ type: 'progress', cell: 'c', message: 'x'.repeat(length) });
      setImmediate(write);
    };
    write();`;
  return startNode(script);
}

test(`killed at ten random moments (seed ${SEED}), the journal loses nothing that was written, and the next writer goes on`, async () => {
  const file = temporaryJournal();
  const random = randomOf(SEED);
  let before = 0;
  for (let round = 0; round < 10; round += 1) {
    const writer = startWriter(file, Array.from({ length: 50 }, () => Math.floor(random() * 4000)));
    if (writer.stdout === null) throw new Error('the writer has no output');
    await once(writer.stdout, 'data');
    expect(() => openJournal(file), 'the living writer holds the lock').toThrow(expect.objectContaining({ code: 'JOURNAL_LOCKED' }) as Error);
    // no wait for anything: the random moment is the test
    await setTimeout(random() * 100);
    writer.kill('SIGKILL');
    await writer;
    const { lines, torn, unreadable } = readJournal(file);
    expect(lines.length).toBeGreaterThan(before);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
    expect(unreadable.length).toBeLessThanOrEqual(round + 1);
    const record = replay(lines, { torn });
    expect(record).toMatchObject({ verdict: 'aborted', exitCode: 130, attempts: round + 1 });
    before = lines.length;
  }
  const last = openJournal(file);
  last.write({ type: 'progress', cell: 'c', message: 'still whole' });
  last.close();
  expect(readJournal(file).lines.at(-1)).toMatchObject({ seq: before + 1, message: 'still whole' });
});

test('of many processes that open one journal at once, at most one gets it', async () => {
  const file = temporaryJournal();
  const script = `
    import { lockJournal } from ${source('harness/journal/lock.js')};
    try { lockJournal(${JSON.stringify(file)}); process.stdout.write('held'); setInterval(() => {}, 1000); } catch (error) { process.stdout.write(error.code); }`;
  const processes = Array.from({ length: 8 }, () => startNode(script));
  const answers = await Promise.all(
    processes.map(async ({ stdout }) => {
      if (stdout === null) throw new Error('no output');
      return String((await once(stdout, 'data'))[0]);
    }),
  );
  for (const each of processes) each.kill('SIGKILL');
  await Promise.all(processes);
  expect(answers.filter((answer) => answer === 'held').length).toBeLessThanOrEqual(1);
  expect(answers.filter((answer) => answer !== 'held').every((answer) => answer === 'JOURNAL_LOCKED')).toBe(true);
});
