import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { readJournal } from '../journal/read.ts';
import type { RunRecord } from '../journal/record.ts';
import { replay } from '../journal/replay.ts';
import { writeAtomically } from './atomic.ts';
import { html } from './html.ts';
import { junit } from './junit.ts';
import { marked, refuseForeign } from './own-file.ts';

export interface ReportFiles {
  /** Default: `junit.xml` in the run directory. */
  readonly junit?: string;
  /** Default: `report.html` in the run directory. */
  readonly html?: string;
}

export interface WrittenReports {
  readonly record: RunRecord;
  readonly junit: string;
  readonly html: string;
}

/** Derives `junit.xml` and `report.html` from the run directory's journal, however that ended. */
export function writeReports(runDirectory: string, files: ReportFiles = {}): WrittenReports {
  const { lines, torn } = readJournal(path.join(runDirectory, 'journal.jsonl'));
  const record = replay(lines, { torn });
  const written = {
    junit: files.junit ?? path.join(runDirectory, 'junit.xml'),
    html: files.html ?? path.join(runDirectory, 'report.html'),
  };
  refuseForeignReports(written);
  writeAtomically(written.junit, marked(junit(record, { attachmentBase: attachmentBase(runDirectory) })));
  writeAtomically(written.html, marked(html(record, { evidenceBase: path.relative(path.dirname(written.html), runDirectory), directory: runDirectory })));
  return { record, ...written };
}

/** Judges both before either is written. */
export function refuseForeignReports(files: Required<ReportFiles>): void {
  for (const file of [files.junit, files.html]) refuseForeign(file);
  if (path.resolve(files.junit) !== path.resolve(files.html)) return;
  throw new ProofgridError({ code: 'REPORTS_IN_ONE_FILE', fault: 'usage', what: `${files.junit} cannot hold both reports`, remedy: 'name two files' });
}

/** GitLab resolves attachments against `CI_PROJECT_DIR` and keeps nothing from outside of it; elsewhere they are relative to the run directory. */
function attachmentBase(runDirectory: string): string | null {
  const project = process.env['CI_PROJECT_DIR'];
  if (project === undefined || project === '') return '';
  const relative = path.relative(project, path.resolve(runDirectory));
  return relative === '..' || relative.startsWith('../') ? null : relative;
}
