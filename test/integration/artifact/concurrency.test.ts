import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Milliseconds until something must have happened. A builder compiles itself first, which a busy host takes long for. */
const SOON = { timeout: 120_000 };

let directory: string;
let children: ChildProcess[];
let ends: Promise<unknown>[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-concurrency-'));
  children = [];
  ends = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(ends);
  // what a killed builder had started may be ending still
  await rm(directory, { recursive: true, maxRetries: 100 });
});

const here = import.meta.dirname;
const cache = () => join(directory, 'cache');
const gate = () => join(directory, 'gate');
const openGate = () => writeFile(gate(), '');
const builds = async () => (await readFile(join(directory, 'count'), 'utf8').catch(() => '')).split('\n').filter(Boolean);

function builder() {
  const child = spawn(process.execPath, ['--import', join(here, 'typescript-hook.mjs'), join(here, 'builder.ts'), cache(), join(directory, 'count'), gate()]);
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  ends.push(ended);
  return { child, ended, output: () => output };
}

/** Command lines of processes that contain the text. */
async function running(text: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid,args']);
  return stdout.split('\n').filter((line) => line.includes(text));
}

test('two processes that want one entry: one builds, both get it', async () => {
  const both = [builder(), builder()] as const;
  await expect.poll(() => both.map(({ output }) => output()).join(''), SOON).toContain('waiting for another run that builds a slow thing');
  await openGate();
  const [first, second] = await Promise.all([both[0].ended, both[1].ended]);
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(await builds()).toHaveLength(1);
  const entry = (output: string) => output.trim().split('\n').at(-1);
  expect(entry(first.output)).toBe(entry(second.output));
});

test('kill -9 in the middle of a build: nothing keeps running, and the next run builds it right', async () => {
  const first = builder();
  await expect.poll(builds, SOON).toHaveLength(1);
  const [pid] = await builds();
  const grandchild = `sleep 7${pid}`;
  await expect.poll(() => running(grandchild).then((lines) => lines.length), SOON).toBeGreaterThan(0);

  first.child.kill('SIGKILL');
  await first.ended;
  await expect.poll(() => running(grandchild), SOON).toEqual([]);
  await expect.poll(() => running(cache()), SOON).toEqual([]);
  expect(await readdir(join(cache(), 'entries'))).toEqual([]);
  expect(await readdir(join(cache(), 'building'))).toHaveLength(1);

  await openGate();
  const { code, output } = await builder().ended;
  expect(output).toContain('"sha256":{"tool":"ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"}');
  expect(code).toBe(0);
  expect(await builds()).toHaveLength(2);
  expect(await readdir(join(cache(), 'building'))).toEqual([]);
});

test('who waits for a builder that is killed builds in its place', async () => {
  const first = builder();
  await expect.poll(builds, SOON).toHaveLength(1);
  const second = builder();
  await expect.poll(second.output, SOON).toContain('waiting for another run');
  first.child.kill('SIGKILL');
  await openGate();
  expect((await second.ended).code).toBe(0);
  expect(await builds()).toHaveLength(2);
});
