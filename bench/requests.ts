/** What the API server's audit log says of one request, as far as it is looked at. */
interface Audited {
  readonly auditID: string;
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string };
  readonly requestReceivedTimestamp: string;
}

/**
 * Requests of a user that began between two times, by `verb resource`. A watch has two lines, at its start and at its
 * end, and counts once.
 * @param log JSON lines of an API server at level Metadata
 */
export function requestsBetween(log: string, user: string, from: Date, to: Date): Map<string, number> {
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  for (const line of log.split('\n')) {
    if (line === '') continue;
    const { auditID, user: { username }, verb, objectRef, requestReceivedTimestamp } = JSON.parse(line) as Audited;
    const at = new Date(requestReceivedTimestamp);
    if (username !== user || at < from || at >= to || seen.has(auditID)) continue;
    seen.add(auditID);
    const kind = `${verb} ${objectRef?.resource ?? 'no resource'}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
