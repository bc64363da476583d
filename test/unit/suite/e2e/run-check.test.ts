import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ProofgridError } from '../../../../lifecycle/error.ts';
import type { Check, ClusterContext } from '../../../../harness/suite/check.ts';
import { ProductFault } from '../../../../harness/suite/e2e/product-fault.ts';
import { runCheck } from '../../../../harness/suite/e2e/run-check.ts';

const context = (signal = new AbortController().signal) => ({ signal }) as ClusterContext;

function check(run: Check['run'], limitMs = 1000, skip?: Check['skip']): Check {
  const sabotage = { name: 'none', observed: /x/, apply: () => Promise.resolve(() => Promise.resolve()) };
  return { name: 'sample', title: 'A sample', limitMs, run, sabotages: [sabotage], ...(skip === undefined ? {} : { skip }) };
}

describe('the verdict on a check', () => {
  test('passed or failed, as it observed', async () => {
    const observation = { expected: '2', observed: '2' };
    expect(await runCheck(check(() => Promise.resolve({ passed: true, ...observation })), context())).toEqual({ verdict: 'passed', ...observation });
    expect(await runCheck(check(() => Promise.resolve({ passed: false, expected: '2', observed: '1' })), context())).toEqual({
      verdict: 'failed',
      message: '1',
      expected: '2',
      observed: '1',
    });
  });

  test('failed when the product refused somewhere deep inside', async () => {
    const run = () => Promise.reject(new ProductFault('GET /api succeeds', 'ECONNREFUSED'));
    expect(await runCheck(check(run), context())).toMatchObject({ verdict: 'failed', expected: 'GET /api succeeds', observed: 'ECONNREFUSED' });
  });

  test('errored when a machine is out of reach, and when the check itself is broken', async () => {
    const unreachable = new ProofgridError({ code: 'MACHINE_UNREACHABLE', fault: 'infrastructure', what: 'no login' });
    expect(await runCheck(check(() => Promise.reject(unreachable)), context())).toMatchObject({ verdict: 'errored' });
    const broken = await runCheck(check(() => Promise.reject(new TypeError('x is undefined'))), context());
    expect(broken).toMatchObject({ verdict: 'errored' });
    expect(broken.message).toContain('TypeError: x is undefined');
  });

  test('timed-out at its limit, also when the check heeds no signal', async () => {
    const deaf = check(() => delay(5_000, { passed: true, expected: '', observed: '' }, { ref: false }), 50);
    expect(await runCheck(deaf, context())).toEqual({ verdict: 'timed-out', message: 'no result within 0.05 s' });
  });

  test('aborted when the run is interrupted', async () => {
    const stop = new AbortController();
    const result = runCheck(check(({ signal }) => delay(5_000, { passed: true, expected: '', observed: '' }, { signal })), context(stop.signal));
    stop.abort();
    expect(await result).toMatchObject({ verdict: 'aborted' });
  });

  test('skipped with the reason', async () => {
    const result = await runCheck(check(() => Promise.reject(new Error('must not run')), 1000, () => 'no DNS here'), context());
    expect(result).toEqual({ verdict: 'skipped', message: 'no DNS here' });
  });

  test('skipped where the cluster lacks what it needs', async () => {
    const asking = { ...check(() => Promise.reject(new Error('must not run'))), needs: ['machines', 'disruption'] as const };
    const cluster = { ...context(), missing: { document: 'no document', disruption: 'not allowed' } };
    expect(await runCheck(asking, cluster)).toEqual({ verdict: 'skipped', message: 'not allowed' });
  });
});
