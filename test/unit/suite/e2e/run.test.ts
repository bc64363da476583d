import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../../../../harness/journal/event.ts';
import type { Check, ClusterContext, Observation } from '../../../../harness/suite/check.ts';
import { runE2eSuite } from '../../../../harness/suite/e2e/run.ts';

function check(name: string, passed: boolean): Check {
  const seen: Observation = { passed, expected: '2', observed: passed ? '2' : '1' };
  return { name, title: name, limitMs: 60_000, run: () => Promise.resolve(seen), sabotages: [{ name: 'none', observed: /1/, apply: () => Promise.resolve(() => Promise.resolve()) }] };
}

async function run(examine?: (message: string | undefined) => Promise<string | undefined>) {
  const lines: JournalEvent[] = [];
  const context = { signal: new AbortController().signal, log: () => undefined } as unknown as ClusterContext;
  const journal = { write: (event: JournalEvent) => void lines.push(event), mask: () => undefined };
  const verdict = await runE2eSuite({ context, journal, cell: 'c', examine, phases: [{ phase: 'p', checks: [check('green', true), check('red', false)] }] });
  const cases = lines.flatMap((line) => (line.type === 'case-finished' ? [[line.name, line.verdict, line.message]] : []));
  return { verdict, cases };
}

test('a check that fails on lost machines is an error of the infrastructure, and says so; one that passed stays passed', async () => {
  const asked: (string | undefined)[] = [];
  const { verdict, cases } = await run(async (message) => {
    asked.push(message);
    return `lost machines: m1 (Failed); ${message ?? ''}`;
  });
  expect(verdict).toBe('errored');
  expect(cases).toEqual([['green', 'passed', undefined], ['red', 'errored', 'lost machines: m1 (Failed); 1']]);
  expect(asked).toEqual(['1']);
});

test('a check that fails on machines that run is a failure of the product', async () => {
  const failed = { verdict: 'failed', cases: [['green', 'passed', undefined], ['red', 'failed', '1']] };
  expect(await run(async () => undefined)).toEqual(failed);
  expect(await run()).toEqual(failed);
});

describe('a failure that another one explains', () => {
  const red = (name: string, blockedBy: string[] = []): Check => ({ ...check(name, false), blockedBy });
  const casesOf = async (...phases: Check[][]) => {
    const lines: JournalEvent[] = [];
    const context = { signal: new AbortController().signal, log: () => undefined } as unknown as ClusterContext;
    const journal = { write: (event: JournalEvent) => void lines.push(event), mask: () => undefined };
    const verdict = await runE2eSuite({ context, journal, cell: 'c', phases: phases.map((checks, index) => ({ phase: `p${index}`, checks })) });
    const cases = lines.flatMap((line) => (line.type === 'case-finished' ? [[line.name, line.verdict, line.blockedBy]] : []));
    return { verdict, cases };
  };

  test('is skipped as blocked by the first of its causes, through others that are blocked', async () => {
    expect(await casesOf([red('cause')], [red('next', ['cause']), red('last', ['next'])])).toEqual({
      verdict: 'failed',
      cases: [['cause', 'failed', undefined], ['next', 'skipped', 'cause'], ['last', 'skipped', 'cause']],
    });
  });

  test('waits for a cause of its own phase that is slower', async () => {
    const slow: Check = { ...red('cause'), run: () => delay(50, { passed: false, expected: '2', observed: '1' }) };
    const { cases } = await casesOf([slow, red('next', ['cause'])]);
    expect(cases).toContainEqual(['next', 'skipped', 'cause']);
  });

  test('is not waited for as long as it would be without its cause', async () => {
    const patience: (number | undefined)[] = [];
    const asking = (name: string, blockedBy: string[]): Check => ({
      ...check(name, true),
      blockedBy,
      run: (context) => {
        patience.push(context.patience);
        return Promise.resolve({ passed: true, expected: '', observed: '' });
      },
    });
    await casesOf([red('cause'), check('fine', true)], [asking('after', ['cause'])], [asking('other', ['fine'])]);
    expect(patience).toEqual([1 / 3, undefined]);
  });

  test('stays a failure where the cause passed, and what passes stays passed', async () => {
    const { verdict, cases } = await casesOf([check('fine', true), red('cause')], [red('alone', ['fine']), { ...check('green', true), blockedBy: ['cause'] }]);
    expect(verdict).toBe('failed');
    expect(cases.slice(2)).toEqual([['alone', 'failed', undefined], ['green', 'passed', undefined]]);
  });
});

describe('phases beside each other', () => {
  const journalOf = async (phases: Parameters<typeof runE2eSuite>[0]['phases']) => {
    const lines: JournalEvent[] = [];
    const context = { signal: new AbortController().signal, log: () => undefined } as unknown as ClusterContext;
    await runE2eSuite({ context, journal: { write: (event) => void lines.push(event), mask: () => undefined }, cell: 'c', ...(phases !== undefined && { phases }) });
    return lines;
  };
  const after = (name: string, milliseconds: number, passed = true): Check => ({ ...check(name, passed), run: () => delay(milliseconds, { passed, expected: '2', observed: '1' }) });

  test('begin together, after what stands before both, and end before what comes next', async () => {
    const lines = await journalOf([
      { phase: 'first', checks: [after('a', 20)] },
      { phase: 'second', checks: [after('b', 60)] },
      { phase: 'third', beside: true, checks: [after('c', 10)] },
      { phase: 'fourth', checks: [after('d', 0)] },
    ]);
    const marks = lines.flatMap((line) => (line.type === 'phase-started' ? [`${line.phase} started`] : line.type === 'phase-finished' ? [`${line.phase} finished`] : []));
    expect(marks).toEqual(['first started', 'first finished', 'second started', 'third started', 'third finished', 'second finished', 'fourth started', 'fourth finished']);
  });

  test('share their causes', async () => {
    const lines = await journalOf([
      { phase: 'second', checks: [after('cause', 40, false)] },
      { phase: 'third', beside: true, checks: [{ ...after('next', 0, false), blockedBy: ['cause'] }] },
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ type: 'case-finished', name: 'next', verdict: 'skipped', blockedBy: 'cause' }));
  });
});
