import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { waitFor } from '../../../harness/provider/wait.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { leasedResources, newDirectory, proofgrid } from '../../system/proofgrid.ts';
import { jobs } from '../../unit/gitlab-ci/definition.ts';
import { casesIn, junitShape } from '../../unit/report/junit-shape.ts';
import { endJob, JOB_ENDS, startJob, type JobEnd } from './runner.ts';

/** Ends whose signals, and what comes after them, differ; the others of JOB_ENDS are one of these for the product. */
const TRIED = [
  'cancelled in the shell executor',
  'cancelled in the Docker executor',
  'over the job’s own limit in the Docker executor',
  'over RUNNER_SCRIPT_TIMEOUT',
  'killed by the host',
] as const satisfies readonly (keyof typeof JOB_ENDS)[];

const smoke = jobs.get('smoke');
const line = (lines: readonly string[] | undefined, verb: string) => {
  const found = lines?.find((each) => each.includes(`proofgrid.js ${verb}`));
  if (found === undefined) throw new Error(`the job smoke has no ${verb}`);
  return found;
};
/** Without `doctor --fix`, which the test command itself begins with. */
const SCRIPT = [line(smoke?.script, 'reap'), line(smoke?.script, 'run')];
const NEXT_JOB = [line(smoke?.script, 'reap')];

afterAll(async () => {
  await proofgrid(['reap']);
});

test.for(TRIED)('a deploy that is %s leaves no machine after the next job’s reap, and a valid report where GitLab takes one', async (name) => {
  const end: JobEnd = JOB_ENDS[name];
  const directory = await newDirectory('ended');
  const env = { CI_JOB_NAME: 'smoke', PROOFGRID_PROVIDER: 'container', PROOFGRID_RUN: directory };
  const job = startJob({ lines: SCRIPT, cwd: packageRoot, env });
  await Promise.race([inMidDeploy(directory), job.ended.then(({ output }) => { throw new Error(`the job ended by itself: ${output}`); })]);
  expect(await leasedResources(directory)).not.toEqual([]);

  await endJob(job, end, () => monitorsOf(directory));
  if (end.afterScript !== undefined) await startJob({ lines: smoke?.after_script ?? [], cwd: packageRoot, env: { ...env, CI_JOB_STATUS: end.afterScript } }).ended;
  if (end.uploads) expect(await verdictsIn(directory)).toContain('aborted');

  const next = await startJob({ lines: NEXT_JOB, cwd: packageRoot, env }).ended;
  expect(next.exitCode, next.output).toBe(0);
  expect(await leasedResources(directory)).toEqual([]);
});

async function inMidDeploy(directory: string): Promise<void> {
  const begun = async () => (await readFile(path.join(directory, 'journal.jsonl'), 'utf8').catch(() => '')).split('\n').some((text) => text.includes('"case-started"') && text.includes('"control-plane"'));
  await waitFor({ name: 'the deploy’s step control-plane', limitMs: 200_000, intervalMs: 50 }, async () => ((await begun()) ? true : undefined));
}

/** podman's monitors, which the machines' processes come from: in a job's container they are, and its shell is no ancestor of them. */
async function monitorsOf(directory: string): Promise<number[]> {
  const monitors: number[] = [];
  for (const resource of await leasedResources(directory)) {
    const { stdout, exitCode } = await execa('podman', ['container', 'inspect', '--format', '{{.State.ConmonPid}}', resource], { reject: false });
    if (exitCode === 0 && Number(stdout) > 0) monitors.push(Number(stdout));
  }
  expect(monitors, 'machines have monitors').not.toEqual([]);
  return monitors;
}

/** Types of the errors and failures in the JUnit that the job leaves. */
async function verdictsIn(directory: string): Promise<(string | undefined)[]> {
  const root = junitShape(await readFile(path.join(directory, 'junit.xml'), 'utf8'));
  return casesIn(root).flatMap(({ children }) => children.filter((child) => child.name !== 'system-out').map(({ attributes }) => attributes['type']));
}
