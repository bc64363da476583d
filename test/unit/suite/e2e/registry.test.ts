import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../../lifecycle/root.ts';
import type { Check } from '../../../../harness/suite/check.ts';
import { E2E_CHECKS, E2E_PHASES } from '../../../../harness/suite/e2e/checks.ts';
import { checksTable } from '../../../../harness/suite/e2e/checks-table.ts';
import { readFile } from 'node:fs/promises';

const directory = path.join(packageRoot, 'harness/suite/e2e/check');
const files = readdirSync(directory).map((file) => path.basename(file, '.ts'));

describe('the registry of checks', () => {
  test('lists every file once, under its own name', async () => {
    expect(E2E_CHECKS.map(({ name }) => name).sort()).toEqual(files.sort());
    for (const file of files) {
      const module = (await import(path.join(directory, `${file}.ts`))) as Record<string, Check>;
      expect(Object.values(module).map(({ name }) => name), file).toEqual([file]);
    }
  });

  test('gives every check a title, a limit and at least one sabotage with a name of its own', () => {
    for (const { name, title, limitMs, sabotages } of E2E_CHECKS) {
      expect(title, name).not.toBe('');
      expect(limitMs, name).toBeGreaterThan(0);
      expect(sabotages.length, name).toBeGreaterThan(0);
      expect(new Set(sabotages.map((sabotage) => sabotage.name)).size, name).toBe(sabotages.length);
    }
  });

  test('has no pattern that what the check expects would match as well', () => {
    for (const { name, sabotages } of E2E_CHECKS) {
      for (const { observed } of sabotages) {
        expect(observed.test(''), name).toBe(false);
        expect(observed.test('passed'), name).toBe(false);
      }
    }
  });

  test('lets a check be blocked only by what comes before it, so that none waits for itself', () => {
    const names = E2E_CHECKS.map(({ name }) => name);
    const wrong = E2E_CHECKS.flatMap(({ name, blockedBy = [] }, index) => blockedBy.filter((cause) => !names.slice(0, index).includes(cause)).map((cause) => `${name} by ${cause}`));
    expect(wrong).toEqual([]);
    expect(E2E_CHECKS.filter(({ blockedBy = [] }) => blockedBy.length > 0).length).toBeGreaterThan(20);
  });

  test('has phases with unique names', () => {
    expect(new Set(E2E_PHASES.map(({ phase }) => phase)).size).toBe(E2E_PHASES.length);
  });

  test('is what docs/checks.md says', async () => {
    expect(await readFile(path.join(packageRoot, 'docs/checks.md'), 'utf8')).toContain(checksTable(E2E_PHASES));
  });
});
