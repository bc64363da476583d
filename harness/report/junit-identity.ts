import { createHash } from 'node:crypto';
import type { CaseRecord } from '../journal/record.ts';
import type { JunitSuite } from './junit-suite.ts';
import { oneLine } from './visible.ts';

/** Hexadecimal digits that tell apart what only control characters or blanks distinguish. */
const DIGEST_LENGTH = 6;

interface Identity {
  readonly suite: string;
  readonly name: string;
  /** All that distinguishes the case, before it is made readable. */
  readonly raw: string;
  /** Nothing had to be changed to make it readable. */
  readonly exact: boolean;
}

/**
 * The suites with readable names, and no two cases that GitLab takes for one. GitLab identifies a case by the text
 * `<suite>_<classname>_<name>` (lib/gitlab/ci/reports/test_case.rb, `hash_key`), keeps one of several that share it
 * (lib/gitlab/ci/reports/test_suite.rb, `add_test_case`) and compares branches by it. So nothing in it depends on a
 * verdict, on what only a result says, or on the order in which results came. The classname is the suite's name, which
 * GitLab shows nowhere else (app/assets/javascripts/ci/pipeline_details/test_reports/test_case_details.vue).
 */
export function withIdentities(suites: readonly JunitSuite[]): JunitSuite[] {
  const names = distinct(suites.flatMap((suite) => suite.cases.map((each) => identityOf(suite, each))));
  let next = 0;
  return suites.map((suite) => {
    const name = readable(suite.name);
    return { ...suite, name, cases: suite.cases.map((each) => ({ ...each, classname: name, name: names[next++] ?? each.name })) };
  });
}

function identityOf({ name: suite, origin, label }: JunitSuite, each: CaseRecord): Identity {
  const [title, name] = [readable(suite), readable(each.name)];
  return {
    suite: title,
    name: label === undefined ? name : `${name} [${label}]`,
    raw: JSON.stringify([...origin, each.name]),
    exact: title === suite && name === each.name,
  };
}

/** The names, in order. What differs only before it is readable gets a digest of that; what does not differ, a number. */
function distinct(all: readonly Identity[]): string[] {
  const groups = new Map<string, Group>();
  for (const each of all) join(groups, each);
  const titled = all.map((each) => ({ ...each, name: titleOf(each, groups.get(keyOf(each))) }));
  const reserved = new Set(titled.map(keyOf));
  const given = new Map<string, number>();
  return titled.map((each) => {
    const key = keyOf(each);
    let count = (given.get(key) ?? 0) + 1;
    while (count > 1 && reserved.has(`${key} (${count})`)) count += 1;
    given.set(key, count);
    return count === 1 ? each.name : `${each.name} (${count})`;
  });
}

/** What GitLab would take for one case. */
interface Group {
  readonly raws: Set<string>;
  /** Of those whose own name it is, the first by text, whatever their order. */
  owner?: string;
}

function join(groups: Map<string, Group>, each: Identity): void {
  const group = groups.get(keyOf(each)) ?? { raws: new Set() };
  group.raws.add(each.raw);
  if (each.exact && (group.owner === undefined || each.raw < group.owner)) group.owner = each.raw;
  groups.set(keyOf(each), group);
}

function titleOf(each: Identity, group: Group | undefined): string {
  if (group === undefined || group.raws.size === 1 || each.raw === group.owner) return each.name;
  return `${each.name} (${createHash('sha256').update(each.raw).digest('hex').slice(0, DIGEST_LENGTH)})`;
}

/** The text that GitLab hashes: `_` can be part of a name, so it is what must differ. */
function keyOf({ suite, name }: Pick<Identity, 'suite' | 'name'>): string {
  return `${suite}_${suite}_${name}`;
}

function readable(text: string): string {
  return oneLine(text) || '(unnamed)';
}
