import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../../../harness/provider/wait.ts';
import { familyOf } from './processes.ts';
import { endJob, JOB_ENDS, startJob, type Job } from './runner.ts';

const GROUP = JOB_ENDS['cancelled in the shell executor'];
const CONTAINER = JOB_ENDS['cancelled in the Docker executor'];
/** A tenth of what a runner gives, so that the tests are short. */
const LIMITS = { group: 600, container: 980, turn: 600, look: 100 };

/** `$1` reports to the file `log` that it has begun and was asked to end, and then does `$2`. No child of it but `sleep` can be met by a signal. */
const PROCESS = `
process() { exec bash -c 'trap "echo $1 asked >> log; $2" TERM; echo $1 began >> log; for ((n = 0; n < 100; n++)); do sleep 0.1; done; echo $1 over >> log' _ "$1" "$2"; }
`;
const [GOES, STAYS] = ['exit 0', ':'];

async function job(...lines: readonly string[]): Promise<{ job: Job; log: () => Promise<string[]> }> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'gitlab-runner-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const started = startJob({ lines: [PROCESS, ...lines], cwd, env: {} });
  const log = async () => (await readFile(path.join(cwd, 'log'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const wanted = lines.filter((line) => line.includes('process ')).length;
  await waitFor({ name: 'the job’s processes', limitMs: 30_000, intervalMs: 20 }, async () => ((await log()).length >= wanted ? true : undefined));
  return { job: started, log };
}

test('a group gets SIGTERM at once, and what ends is waited for', async () => {
  const { job: running, log } = await job(`(process one "${GOES}") &`, `(process two "${GOES}")`);
  await endJob(running, GROUP, undefined, LIMITS);
  expect((await log()).sort()).toEqual(['one asked', 'one began', 'two asked', 'two began']);
  expect(familyOf([running.pid])).toEqual([]);
});

test('a group that does not end is killed at its limit', async () => {
  const { job: running, log } = await job(`(process one "${STAYS}")`);
  const asked = performance.now();
  await endJob(running, GROUP, undefined, LIMITS);
  expect(performance.now() - asked).toBeGreaterThanOrEqual(LIMITS.group);
  expect(await log()).toEqual(['one began', 'one asked']);
});

test('in a container the newest is asked first, and each one’s end is waited for', async () => {
  const { job: running, log } = await job(`(process one "${GOES}") &`, 'until grep -qs one log; do sleep 0.05; done', `(process two "${GOES}")`);
  await endJob(running, CONTAINER, undefined, LIMITS);
  expect((await log()).filter((line) => line.endsWith('asked'))).toEqual(['two asked', 'one asked']);
});

test('in a container with younger processes that stay, the job’s own process is killed without having been asked', async () => {
  const younger = ['b', 'c', 'd', 'e'].flatMap((name) => [`(process ${name} "${STAYS}") &`]);
  const { job: running, log } = await job(`(process a "${GOES}") &`, 'until grep -qs a log; do sleep 0.05; done', ...younger, 'wait');
  const asked = performance.now();
  await endJob(running, CONTAINER, undefined, LIMITS);
  expect(performance.now() - asked).toBeGreaterThanOrEqual(LIMITS.container);
  expect(await log()).not.toContain('a asked');
  expect(await log()).not.toContain('a over');
});

test('a process elsewhere in the container ends with it', async () => {
  const [inside, outside] = [await job(`(process one "${GOES}")`), await job(`(process machine "${STAYS}")`)];
  await endJob(inside.job, CONTAINER, () => Promise.resolve([outside.job.pid]), LIMITS);
  await outside.job.ended;
  expect(await outside.log()).not.toContain('machine over');
});

test('a command that the host kills ends the script with its exit code, and lets nothing after it run', async () => {
  const { job: running, log } = await job(`(process one "${STAYS}")`, 'echo next >> log');
  await endJob(running, JOB_ENDS['killed by the host']);
  expect((await running.ended).exitCode).toBe(137);
  expect(await log()).toEqual(['one began']);
});
