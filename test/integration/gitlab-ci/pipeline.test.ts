import { expect, test } from 'vitest';
import { copyOfCheckout, pipeline } from './checkout.ts';

test('a merge request runs the checks before any cell, a fork only by hand, a schedule everything', async () => {
  const root = await copyOfCheckout();
  const jobs = async (...variables: string[]) => {
    const { stdout, exitCode, all } = await pipeline(root, '--list-json', ...variables.flatMap((variable) => ['--variable', variable]));
    expect(exitCode, all).toBe(0);
    // warnings stand before it
    const list = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as { name: string; stage: string; when: string }[];
    return list.filter(({ when }) => when !== 'never').map(({ name, stage, when }) => `${stage} ${name} ${when}`).sort();
  };
  const checks = ['check code on_success', 'check lint on_success', 'check unit on_success'];
  expect(await jobs('CI_PIPELINE_SOURCE=merge_request_event', 'CI_PROJECT_ID=1', 'CI_MERGE_REQUEST_SOURCE_PROJECT_ID=1')).toEqual([...checks, 'smoke smoke on_success']);
  expect(await jobs('CI_PIPELINE_SOURCE=merge_request_event', 'CI_PROJECT_ID=1', 'CI_MERGE_REQUEST_SOURCE_PROJECT_ID=2')).toEqual([...checks, 'smoke smoke manual']);
  expect(await jobs('CI_PIPELINE_SOURCE=schedule', 'CI_COMMIT_REF_PROTECTED=true')).toEqual([...checks, 'nightly full on_success', 'nightly nightly on_success']);
  expect(await jobs('CI_PIPELINE_SOURCE=schedule', 'CI_COMMIT_REF_PROTECTED=false')).toEqual(checks);
});
