import { expect, test } from 'vitest';
import { TIERS } from '../../../harness/matrix/schema.ts';
import { exitCodeOf } from '../../../harness/journal/verdict.ts';
import { definition, jobs, milliseconds, ruleFor, type Job } from './definition.ts';

const OURS = { CI_PROJECT_ID: '1', CI_DEFAULT_BRANCH: 'main' };
const MERGE_REQUEST = { ...OURS, CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_PROJECT_ID: '1', CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '1' };
const BRANCH = { ...OURS, CI_COMMIT_BRANCH: 'main', CI_COMMIT_REF_PROTECTED: 'true' };
const PIPELINES = {
  'a merge request': MERGE_REQUEST,
  'a merge request between protected branches': { ...MERGE_REQUEST, CI_COMMIT_REF_PROTECTED: 'true' },
  'a fork’s merge request, started here': { ...MERGE_REQUEST, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2' },
  'a fork’s merge request, in the fork': { ...MERGE_REQUEST, CI_PROJECT_ID: '2', CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2' },
  'a push to the default branch': { ...BRANCH, CI_PIPELINE_SOURCE: 'push' },
  'a push to an unprotected default branch': { ...BRANCH, CI_PIPELINE_SOURCE: 'push', CI_COMMIT_REF_PROTECTED: 'false' },
  'a push to another branch': { ...BRANCH, CI_PIPELINE_SOURCE: 'push', CI_COMMIT_BRANCH: 'topic', CI_COMMIT_REF_PROTECTED: 'false' },
  'a protected tag': { ...OURS, CI_PIPELINE_SOURCE: 'push', CI_COMMIT_TAG: 'v1', CI_COMMIT_REF_PROTECTED: 'true' },
  'a tag that is not protected': { ...OURS, CI_PIPELINE_SOURCE: 'push', CI_COMMIT_TAG: 'v1', CI_COMMIT_REF_PROTECTED: 'false' },
  'a schedule': { ...BRANCH, CI_PIPELINE_SOURCE: 'schedule' },
  'a schedule of a branch that is not protected': { ...BRANCH, CI_PIPELINE_SOURCE: 'schedule', CI_COMMIT_BRANCH: 'topic', CI_COMMIT_REF_PROTECTED: 'false' },
  'a person who wants a release': { ...BRANCH, CI_PIPELINE_SOURCE: 'web', PROOFGRID_TIER: 'release' },
  'a person who wants a release of an unprotected branch': { ...BRANCH, CI_PIPELINE_SOURCE: 'web', PROOFGRID_TIER: 'release', CI_COMMIT_REF_PROTECTED: 'false' },
} as const;

/** Which runner a pipeline's cells go to, and its jobs with `!` for those that wait for a person; nothing where there is no pipeline. */
function pipeline(variables: Readonly<Record<string, string>>): string {
  const chosen = ruleFor(definition.workflow.rules, variables);
  if (chosen === undefined) return 'none';
  const all = { PROOFGRID_RUNNER: definition.variables['PROOFGRID_RUNNER'] ?? '', ...chosen.variables };
  const names = [...jobs].flatMap(([name, { rules }]) => {
    const rule = rules === undefined ? {} : ruleFor(rules, variables);
    return rule === undefined ? [] : [rule.when === 'manual' ? `${name}!` : name];
  });
  return `${all.PROOFGRID_RUNNER}: ${names.join(' ')}`;
}

test('each kind of pipeline has its jobs and its runners', () => {
  expect(Object.fromEntries(Object.entries(PIPELINES).map(([name, variables]) => [name, pipeline(variables)]))).toMatchInlineSnapshot(`
    {
      "a fork’s merge request, in the fork": "privileged: lint code unit smoke! merge-request!",
      "a fork’s merge request, started here": "privileged: lint code unit smoke merge-request",
      "a merge request": "privileged: lint code unit smoke merge-request",
      "a merge request between protected branches": "privileged: lint code unit smoke merge-request",
      "a person who wants a release": "privileged-protected: lint code unit smoke merge-request release",
      "a person who wants a release of an unprotected branch": "privileged: lint code unit smoke merge-request",
      "a protected tag": "privileged-protected: lint code unit smoke merge-request release",
      "a push to an unprotected default branch": "privileged: lint code unit smoke merge-request",
      "a push to another branch": "none",
      "a push to the default branch": "privileged-protected: lint code unit smoke merge-request",
      "a schedule": "privileged-protected: lint code unit smoke merge-request nightly test full",
      "a schedule of a branch that is not protected": "privileged: lint code unit smoke merge-request",
      "a tag that is not protected": "none",
    }
  `);
});

test('every tier has a job, of its name', () => {
  expect(TIERS.filter((tier) => jobs.get(tier)?.script?.some((line) => line.includes('run --tier "$CI_JOB_NAME"')) !== true)).toEqual([]);
});

test('whatever pipeline a branch has, it can be compared with: it has the cells of merge requests, red lint or not', () => {
  const branches = Object.values(PIPELINES).filter((variables) => 'CI_COMMIT_BRANCH' in variables);
  expect(branches.length).toBeGreaterThan(3);
  for (const variables of branches) {
    for (const name of ['smoke', 'merge-request']) expect(ruleFor(jobs.get(name)?.rules ?? [], variables)).toEqual({ when: 'on_success', needs: [] });
  }
  for (const name of ['nightly', 'test', 'full', 'release']) expect(jobs.get(name)?.needs, name).toEqual([]);
});

test('a pipeline that merge requests are compared with is not cancelled by the next push', () => {
  expect(ruleFor(definition.workflow.rules, PIPELINES['a push to the default branch'])?.auto_cancel).toEqual({ on_new_commit: 'none' });
  expect(ruleFor(definition.workflow.rules, PIPELINES['a merge request'])?.auto_cancel).toBeUndefined();
});

test('protected refs verify what their cache gives, and nobody says that of a merge request', () => {
  const check = (name: keyof typeof PIPELINES) => ruleFor(definition.workflow.rules, PIPELINES[name])?.variables?.['PROOFGRID_CACHE_CHECK'];
  for (const name of ['a push to the default branch', 'a protected tag', 'a schedule', 'a person who wants a release'] as const) expect(check(name), name).toBe('content');
  expect(check('a merge request between protected branches')).toBeUndefined();
});

const withMachines = [...jobs].filter(([, { after_script }]) => after_script !== undefined);

test('a job that has machines goes to a runner for them, and no other job does', () => {
  expect(withMachines.map(([name]) => name)).toEqual(['smoke', 'merge-request', 'nightly', 'test', 'full', 'release']);
  for (const [name, { tags, script }] of jobs) {
    const machines = withMachines.some(([each]) => each === name);
    expect(tags, name).toEqual([machines ? '$PROOFGRID_RUNNER' : '$PROOFGRID_CHECK_RUNNER']);
    expect(script?.some((line) => /proofgrid.js run|npm test|test:full/.test(line)), name).toBe(machines);
  }
});

/** For sources, caches and packages before a script, and for artifacts after it. */
const AROUND_MS = 5 * 60_000;

test.each(withMachines)('%s ends its script while there is time for what comes after it', (_name, job) => {
  const { timeout = '', variables = {} } = job;
  const script = milliseconds(variables['RUNNER_SCRIPT_TIMEOUT'] ?? '');
  const after = milliseconds(variables['RUNNER_AFTER_SCRIPT_TIMEOUT'] ?? '');
  expect(script + after + AROUND_MS).toBeLessThanOrEqual(milliseconds(timeout));
});

const cells = [...jobs].filter(([name]) => (TIERS as readonly string[]).includes(name));

test.each(cells)('%s reports before it reaps, and what a killed job has left goes before the next run', (_name, { script, after_script }) => {
  expect(after_script?.map((line) => /proofgrid.js (\w+)/.exec(line)?.[1])).toEqual(['report', 'reap']);
  expect(after_script?.[0], 'its exit code is the run’s, and would end the script').toMatch(/\|\| true$/);
  expect(script?.map((line) => /proofgrid.js (\w+)/.exec(line)?.[1])).toEqual(['doctor', 'reap', 'run']);
});

test.each(cells)('%s is tried again for the infrastructure’s sake alone', (_name, { retry }) => {
  expect(retry).toEqual({ max: 1, when: 'runner_system_failure', exit_codes: [exitCodeOf('errored')] });
});

test('jobs whose exit codes say nothing of the infrastructure are not tried again for them', () => {
  for (const [name, { retry }] of jobs) if (!cells.some(([each]) => each === name)) expect(retry, name).toEqual({ max: 1, when: 'runner_system_failure' });
});

test('a reviewer gets to the cells of a merge request, whatever came of them', () => {
  for (const name of ['smoke', 'merge-request']) {
    const { artifacts } = jobs.get(name) as Job;
    // https://docs.gitlab.com/ci/yaml/#artifactsexpose_as: no link for paths with variables, with ./ before them, or of directories without / at their end
    expect(artifacts).toMatchObject({ when: 'always', expose_as: expect.stringMatching(/^\w[\w -]*$/) as string, paths: [`proofgrid-runs/${name}/`] });
    expect(artifacts?.reports?.junit).toBe('$PROOFGRID_RUN/junit.xml');
  }
});

test('one job fills the cache of npm, and the others only read it', () => {
  expect([...jobs].filter(([, { cache }]) => cache?.policy !== 'pull').map(([name, { cache }]) => [name, cache?.policy])).toEqual([['lint', 'pull-push']]);
});
