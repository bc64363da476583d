import { z } from 'zod';
import { JOURNAL_VERSION, VERDICTS, type JournalLine } from './event.ts';

const verdict = z.enum(VERDICTS);
const duration = z.number().nonnegative();
const phase = { cell: z.string(), suite: z.string(), phase: z.string() };
const envelope = { v: z.literal(JOURNAL_VERSION), seq: z.int().positive(), at: z.iso.datetime() };

const plannedCell = z.object({ cell: z.string(), axes: z.record(z.string(), z.string()), suites: z.array(z.string()) });

const line = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('run-started'),
    run: z.string(),
    version: z.string(),
    argv: z.array(z.string()),
    provider: z.string(),
    site: z.string().optional(),
    source: z.string().optional(),
    cells: z.array(plannedCell),
  }),
  z.object({ ...envelope, type: z.literal('cell-started'), cell: z.string() }),
  z.object({ ...envelope, type: z.literal('property'), cell: z.string(), name: z.string(), value: z.string() }),
  z.object({
    ...envelope,
    type: z.literal('lease-acquired'),
    cell: z.string(),
    lease: z.string(),
    provider: z.string(),
    machines: z.array(z.object({ name: z.string(), address: z.string() })),
  }),
  z.object({ ...envelope, type: z.literal('lease-released'), cell: z.string(), lease: z.string() }),
  z.object({ ...envelope, type: z.literal('lease-kept'), cell: z.string(), lease: z.string(), until: z.string() }),
  z.object({ ...envelope, type: z.literal('phase-started'), ...phase, cases: z.array(z.string()) }),
  z.object({ ...envelope, type: z.literal('case-started'), ...phase, name: z.string() }),
  z.object({
    ...envelope,
    type: z.literal('case-finished'),
    ...phase,
    name: z.string(),
    classname: z.string(),
    verdict,
    durationMs: duration,
    message: z.string().optional(),
    expected: z.string().optional(),
    observed: z.string().optional(),
    blockedBy: z.string().optional(),
    evidence: z.string().optional(),
    location: z.string().optional(),
  }),
  z.object({ ...envelope, type: z.literal('progress'), cell: z.string(), message: z.string() }),
  z.object({ ...envelope, type: z.literal('phase-finished'), ...phase, verdict, durationMs: duration }),
  z.object({ ...envelope, type: z.literal('evidence'), cell: z.string(), path: z.string(), title: z.string() }),
  z.object({
    ...envelope,
    type: z.literal('cell-finished'),
    cell: z.string(),
    verdict,
    durationMs: duration,
    reason: z.string().optional(),
  }),
  z.object({
    ...envelope,
    type: z.literal('run-finished'),
    verdict,
    exitCode: z.int(),
    durationMs: duration,
    reason: z.string().optional(),
  }),
]);

/** One line of a journal, or undefined for anything that is not exactly one. Unknown fields are dropped. */
export function parseLine(text: string): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = line.safeParse(value);
  return parsed.success ? (parsed.data as JournalLine) : undefined;
}
