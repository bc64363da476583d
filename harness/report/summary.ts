import path from 'node:path';
import { EXISTING } from '../journal/event.ts';
import { reachedPhases, type CellRecord, type RunRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';
import { shellJoin } from '../machine/quote.ts';
import { warningsOf } from '../journal/warning.ts';
import { counts } from './counts.ts';
import { duration } from './duration.ts';
import { styleOf, symbolOf, type Paint } from './paint.ts';
import { visible } from './visible.ts';

/** Cases named in the summary; the report has them all. */
const MOST_CASES = 20;

/** The last words of a run: verdict, what went wrong, where the reports lie, what to do next. */
export function summary(record: RunRecord, directory: string | undefined, paint: Paint): string {
  const { verdict, durationMs, reason } = record;
  const head = paint(styleOf(verdict), `${symbolOf(verdict)} ${verdict} in ${duration(durationMs)}`);
  const why = verdict === 'passed' || reason === undefined ? [] : [`  ${visible(reason)}`];
  const where = directory === undefined ? [] : ['', `  JUnit   ${path.join(directory, 'junit.xml')}`, `  report  ${path.join(directory, 'report.html')}`];
  return ['', `${head}: ${counts(record)}`, ...why, ...problemLines(record), ...warningLines(record), ...nextLines(record, directory), ...where, ''].join('\n');
}

function problemLines(record: RunRecord): string[] {
  const lines = record.cells.flatMap(linesOfCell);
  const shown = lines.slice(0, MOST_CASES).map((line) => `  ✖ ${visible(line)}`);
  return lines.length > MOST_CASES ? [...shown, `  … and ${lines.length - MOST_CASES} more`] : shown;
}

function linesOfCell({ cell, finished, phases, verdict, reason }: CellRecord): string[] {
  const cases = reachedPhases({ finished, phases }).flatMap(({ suite, phase, cases }) =>
    cases.filter((each) => isBad(each.verdict)).map((each) => `${cell} ${suite}.${phase} ${each.name}: ${firstLine(each.message ?? each.verdict)}${each.explains === undefined ? '' : ` (explains ${each.explains.length} more)`}`),
  );
  const own = [`${cell}: ${firstLine(reason ?? verdict)}`];
  return isBad(verdict) && (!finished || cases.length === 0) ? [...own, ...cases] : cases;
}

/** Cells of one run share their host: the same warning of several is told once. */
function warningLines({ cells }: RunRecord): string[] {
  const found = new Map<string, string[]>();
  for (const { cell, properties } of cells) for (const warning of warningsOf(properties)) found.set(warning, [...(found.get(warning) ?? []), cell]);
  return [...found].map(([warning, [first = '', ...others]]) => `  ⚠ ${first}${others.length === 0 ? '' : ` and ${others.length} more`}: ${visible(firstLine(warning))}`);
}

function nextLines(record: RunRecord, directory: string | undefined): string[] {
  const kept = record.cells.flatMap(({ leases }) => leases.filter(({ state }) => state === 'kept'));
  const shell = kept.flatMap(({ machines, until }) =>
    machines.map(({ name }) => `  get in  ${shellJoin(['proofgrid', 'shell', directory ?? 'RUN-DIR', name])}${until === undefined ? '' : `  (until ${until})`}`),
  );
  const leaked = record.verdict === 'leaked' ? ['  remove  proofgrid reap'] : [];
  const again = record.verdict === 'passed' || directory === undefined ? [] : [`  again   proofgrid ${record.provider === EXISTING ? shellJoin(record.argv) : shellJoin(['run', '--resume', directory])}`];
  return [...shell, ...leaked, ...again];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
