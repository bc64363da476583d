import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../lifecycle/root.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string; readonly resolved?: string; readonly link?: boolean }>>;
}

const read = (file: string) => JSON.parse(readFileSync(path.join(packageRoot, file), 'utf8')) as unknown;
const installed = Object.entries((read('package-lock.json') as Lock).packages).filter(([name]) => name !== '');

test('every package is locked to its content', () => {
  expect(installed.length).toBeGreaterThan(300);
  expect(installed.flatMap(([name, { integrity }]) => (/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') ? [] : [name]))).toEqual([]);
});

test('no package comes from anywhere but the registry that npm is told to use', () => {
  expect(installed.filter(([, { resolved, link }]) => resolved !== undefined || link === true)).toEqual([]);
});

test('npx runs the commands that are built here: a field `bin` would make it install a copy and compile that', () => {
  expect(read('package.json')).not.toHaveProperty('bin');
  expect(readFileSync(path.join(packageRoot, '.npmrc'), 'utf8')).toMatch(/^yes=false$/m);
});
