import { z } from 'zod';

const at = z.iso.datetime();
const task = { task: z.string(), role: z.string().nullable(), path: z.string(), host: z.string() };

/** What playbooks/plugins/callback/lifecycle_events.py writes, one a line. */
const callbackEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('play'), at, name: z.string(), path: z.string() }),
  z.object({ event: z.literal('no-hosts'), at }),
  z.object({ event: z.literal('start'), at, ...task }),
  z.object({
    event: z.literal('result'),
    at,
    ...task,
    status: z.enum(['ok', 'changed', 'failed', 'skipped', 'unreachable']),
    duration_ms: z.number(),
    /** The result came from the machine itself, not from the runner on its behalf. */
    answered: z.boolean(),
    message: z.string().nullable(),
    warnings: z.array(z.string()),
    /** Why the document must not be deployed: the path of a field in it, and the whole sentence. */
    refusals: z.array(z.object({ field: z.array(z.union([z.string(), z.number()])), text: z.string() })).default([]),
  }),
  z.object({ event: z.literal('stats'), at, hosts: z.record(z.string(), z.record(z.string(), z.number())) }),
]);
export type CallbackEvent = z.infer<typeof callbackEventSchema>;

/** Undefined for a line that is not one of ours, such as one cut off by a kill. */
export function readCallbackEvent(line: string): CallbackEvent | undefined {
  try {
    return callbackEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
