import { VERDICTS, type Verdict } from '../journal/event.ts';
import { casesOf, type RunRecord } from '../journal/record.ts';

/** Cases per verdict, in the order of VERDICTS and without those that do not occur: `41 passed, 1 failed`. */
export function counts(record: RunRecord): string {
  const cases = casesOf(record);
  const parts = countsOf(cases.map(({ verdict }) => verdict)).map(([verdict, count]) => `${count} ${verdict}`);
  return parts.length === 0 ? 'no cases' : parts.join(', ');
}

export function countsOf(verdicts: readonly Verdict[]): [Verdict, number][] {
  return VERDICTS.map((verdict): [Verdict, number] => [verdict, verdicts.filter((each) => each === verdict).length]).filter(([, count]) => count > 0);
}
