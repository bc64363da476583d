import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DocumentError } from '../../../lifecycle/document.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import { planTable } from '../../../harness/matrix/plan-table.ts';
import { makePlan, type Plan } from '../../../harness/matrix/plan.ts';
import { TIERS } from '../../../harness/matrix/schema.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { BOMBS, mutateStructure } from './mutate-structure.ts';
import { seeded, type Random } from './random.ts';

const MUTANTS = 1000;
const SMALL_TIERS = ['smoke', 'merge-request'] as const;
/** Any other number with PROOFGRID_FUZZ_SEED; the same number makes the same files. */
const SEED = Number(process.env.PROOFGRID_FUZZ_SEED ?? '20');

let directory: string;
const shipped: Record<string, Buffer> = { 'matrix.yaml': Buffer.alloc(0), 'versions.yaml': Buffer.alloc(0) };
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-fuzz-'));
  for (const name of Object.keys(shipped)) shipped[name] = await readFile(`matrix/${name}`);
});
afterAll(() => rm(directory, { recursive: true }));

function mutant(original: Buffer, random: Random): Buffer {
  let bytes = original;
  // mostly one mistake, as people make them; several at once hide the rarer checks behind the syntax
  const rounds = random.pick([1, 1, 1, 2, 3]);
  for (let round = 0; round < rounds; round += 1) {
    const structural = random.below(2) === 0 ? mutateStructure(bytes.toString('utf8'), random) : undefined;
    bytes = structural === undefined ? mutateBytes(bytes, random) : Buffer.from(structural);
  }
  return bytes;
}

function judgePlan({ cells }: Plan): void {
  const slugs = cells.map(({ slug }) => slug);
  expect(slugs).not.toHaveLength(0);
  expect(new Set(slugs).size).toBe(slugs.length);
  expect(slugs.filter((slug) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(slug))).toEqual([]);
  const machines = cells.flatMap((cell) => cell.machines);
  expect(machines.length).toBeGreaterThanOrEqual(cells.length);
  expect(machines.every(({ memory, cpus }) => memory > 0 && cpus > 0)).toBe(true);
}

/** `valid`, or the code of the error; throws when the file is neither planned nor refused at a place in it. */
async function outcomeOf(bytes: Buffer, thorough = true, name: 'matrix.yaml' | 'versions.yaml' = 'matrix.yaml'): Promise<string> {
  const file = path.join(directory, 'matrix.yaml');
  for (const each of ['matrix.yaml', 'versions.yaml']) await writeFile(path.join(directory, each), each === name ? bytes : (shipped[each] ?? ''));
  try {
    const matrix = await loadMatrix(file);
    const names = matrix.document.axes.topology.values.map(({ name }) => name);
    // the large tiers of every valid file would take minutes
    (thorough ? TIERS : SMALL_TIERS).forEach((tier) => judgePlan(makePlan(matrix, { tier }, { explain: false, coverage: false })));
    judgePlan(makePlan(matrix, { names }, { explain: true, coverage: false }));
    const plan = makePlan(matrix, { tier: 'merge-request' }, { explain: thorough, coverage: thorough });
    expect(planTable(plan).split('\n').length).toBeGreaterThan(plan.cells.length);
    expect(JSON.stringify(JSON.parse(JSON.stringify(plan)))).toBe(JSON.stringify(plan));
    return 'valid';
  } catch (error) {
    if (!(error instanceof ProofgridError)) throw error;
    expect(error.fault).toBe('usage');
    expect(error.message).not.toMatch(/^\s+at /m);
    const problems = error instanceof DocumentError ? error.problems : [error];
    for (const { where, message } of problems) {
      // a version that is gone from its file is missed where the matrix names it
      expect(directory, message).toBe(path.dirname(where?.file ?? ''));
      const lines = (await readFile(where?.file ?? '', 'utf8')).split('\n');
      expect(where?.line, message).toBeGreaterThanOrEqual(1);
      expect(where?.line, message).toBeLessThanOrEqual(lines.length);
      const width = lines[(where?.line ?? 1) - 1]?.length ?? 0;
      expect(where?.column, message).toBeGreaterThanOrEqual(1);
      expect(where?.column, message).toBeLessThanOrEqual(width + 1);
    }
    return error.code;
  }
}

async function outcomesOf(name: 'matrix.yaml' | 'versions.yaml', mutants: number): Promise<Map<string, number>> {
  const random = seeded(SEED);
  const outcomes = new Map<string, number>();
  for (let index = 0; index < mutants; index += 1) {
    const bytes = mutant(shipped[name] ?? Buffer.alloc(0), random);
    const outcome = await outcomeOf(bytes, index % 10 === 0, name).catch((cause: unknown) => {
      throw new Error(`mutant ${index} of ${name}, seed ${SEED}:\n${bytes.toString('utf8')}`, { cause });
    });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  process.stdout.write(`fuzz ${name} seed ${SEED}: ${JSON.stringify(Object.fromEntries([...outcomes].sort((a, b) => b[1] - a[1])))}\n`);
  return outcomes;
}

test(`${MUTANTS} mutated matrix files each give a located error or a valid plan (seed ${SEED})`, { timeout: 600_000 }, async () => {
  const outcomes = await outcomesOf('matrix.yaml', MUTANTS);
  // a fuzz test that only ever meets one of the two would prove nothing of the other
  const valid = outcomes.get('valid') ?? 0;
  expect(valid).toBeGreaterThan(MUTANTS * 0.15);
  expect(MUTANTS - valid).toBeGreaterThan(MUTANTS * 0.4);
  expect(outcomes.size).toBeGreaterThanOrEqual(8);
});

test(`${MUTANTS / 10} mutated versions files do the same`, { timeout: 600_000 }, async () => {
  const outcomes = await outcomesOf('versions.yaml', MUTANTS / 10);
  expect(outcomes.get('valid') ?? 0).toBeGreaterThan(10);
  expect(outcomes.size).toBeGreaterThanOrEqual(5);
});

test.each(Object.entries(BOMBS))('a file of %s is refused at a place in it', async (_name, text) => {
  expect(await outcomeOf(Buffer.from(text))).not.toBe('valid');
});
