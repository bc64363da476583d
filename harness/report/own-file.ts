import { closeSync, lstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';

/** A comment in XML and in HTML alike, in the second line of every report. */
const MARK = '<!-- written by proofgrid -->';
/** Bytes in which the mark ends. */
const HEAD_BYTES = 256;

/** The report with the mark by which a later one knows that it may take its place. */
export function marked(report: string): string {
  return report.replace('\n', () => `\n${MARK}\n`);
}

/** Refuses to replace anything but a report of ours, or a file without content that is no journal. */
export function refuseForeign(file: string): void {
  const facts = factsOf(file);
  if (facts === undefined) return;
  if (!facts.isFile()) throw refused(file, 'is not a regular file');
  const empty = facts.size === 0 && path.basename(realpathSync(file)) !== 'journal.jsonl';
  if (!empty && !hasMark(file)) throw refused(file, 'was not written by proofgrid as a report');
}

/** A link is judged as itself: the report would take its place and not that of the file it leads to. */
function factsOf(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch {
    return undefined; // what else is wrong shows when it is written
  }
}

function hasMark(file: string): boolean {
  const head = Buffer.alloc(HEAD_BYTES);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const bytes = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    return head.toString('utf8', 0, bytes).split('\n')[1] === MARK;
  } finally {
    closeSync(descriptor);
  }
}

function refused(file: string, why: string): ProofgridError {
  return new ProofgridError({
    code: 'REPORT_WOULD_REPLACE',
    fault: 'usage',
    what: `${file} ${why}, so no report takes its place`,
    remedy: 'name another file, or remove it',
  });
}
