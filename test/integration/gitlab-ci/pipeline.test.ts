import { expect, test } from 'vitest';
import { copyOfCheckout, pipeline } from './checkout.ts';

test('gitlab-ci-local reads the file and gives each pipeline its jobs', async () => {
  const root = await copyOfCheckout();
  const jobs = async (...variables: string[]) => {
    const { stdout, exitCode, all } = await pipeline(root, '--list-json', ...variables.flatMap((variable) => ['--variable', variable]));
    expect(exitCode, all).toBe(0);
    // warnings stand before it
    const list = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as { name: string; stage: string; when: string }[];
    return list.filter(({ when }) => when !== 'never').map(({ name, stage, when }) => `${stage} ${name} ${when}`).sort();
  };
  const checks = ['check code on_success', 'check lint on_success', 'check unit on_success'];
  const usual = [...checks, 'merge-request merge-request on_success', 'smoke smoke on_success'];
  const mergeRequest = ['CI_PIPELINE_SOURCE=merge_request_event', 'CI_MERGE_REQUEST_PROJECT_ID=1'];
  expect(await jobs(...mergeRequest, 'CI_PROJECT_ID=1')).toEqual(usual);
  expect(await jobs(...mergeRequest, 'CI_PROJECT_ID=2')).toEqual([...checks, 'merge-request merge-request manual', 'smoke smoke manual']);
  expect(await jobs('CI_PIPELINE_SOURCE=schedule', 'CI_COMMIT_REF_PROTECTED=true')).toEqual(
    [...usual, 'nightly full on_success', 'nightly nightly on_success', 'nightly test on_success'].sort(),
  );
  expect(await jobs('CI_PIPELINE_SOURCE=push', 'CI_COMMIT_TAG=v1', 'CI_COMMIT_REF_PROTECTED=true')).toEqual([...usual, 'release release on_success'].sort());
});
