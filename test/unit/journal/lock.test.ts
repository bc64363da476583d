import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lockJournal } from '../../../harness/journal/lock.ts';
import { temporaryJournal } from './sample.ts';

const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');

function startTime(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[19] ?? '';
}

function locks(file: string): string[] {
  return readdirSync(path.dirname(file)).filter((name) => name.includes('.lock-'));
}

const refused = expect.objectContaining({ code: 'JOURNAL_LOCKED', fault: 'usage' }) as Error;

test('a second writer in the same process is refused until the first lets go', () => {
  const file = temporaryJournal();
  const unlock = lockJournal(file);
  expect(() => lockJournal(file)).toThrow(refused);
  unlock();
  lockJournal(file)();
  expect(locks(file)).toEqual([]);
});

test('another living process holds its lock, and loses it when it is killed', async () => {
  const file = temporaryJournal();
  const other = spawn('sleep', ['60']);
  await once(other, 'spawn');
  const pid = other.pid ?? 0;
  writeFileSync(`${file}.lock-${pid}-${startTime(pid)}-${namespace}-${bootId}`, '');
  expect(() => lockJournal(file)).toThrow(refused);
  expect(locks(file), 'the refused one leaves nothing behind').toHaveLength(1);
  other.kill('SIGKILL');
  await once(other, 'exit');
  const unlock = lockJournal(file);
  expect(locks(file)).toEqual([`journal.jsonl.lock-${process.pid}-${startTime(process.pid)}-${namespace}-${bootId}`]);
  unlock();
});

test.each([
  ['an earlier boot', `${process.ppid}-${startTime(process.ppid)}-${namespace}-00000000-0000-0000-0000-000000000000`],
  ['another process with the same number', `${process.ppid}-1-${namespace}-${bootId}`],
  ['something unreadable', 'garbage'],
])('a lock of %s does not count', (_what, identity) => {
  const file = temporaryJournal();
  writeFileSync(`${file}.lock-${identity}`, '');
  const unlock = lockJournal(file);
  expect(locks(file)).toHaveLength(1);
  unlock();
  expect(locks(file)).toEqual([]);
});

test('a lock from another container cannot be judged, so it holds, and the error names the file to remove', () => {
  const file = temporaryJournal();
  const lock = `${file}.lock-1-1-1-${bootId}`;
  writeFileSync(lock, '');
  expect(() => lockJournal(file)).toThrow(lock);
});
