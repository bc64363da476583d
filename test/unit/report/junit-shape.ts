import { expect } from 'vitest';
import { parseStrictXml, type XmlElement } from './strict-xml.ts';

/**
 * What Jenkins' schema lets each element have, as far as we write it
 * (https://github.com/jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd).
 */
const SCHEMA: Readonly<Record<string, { readonly attributes: readonly string[]; readonly children: readonly string[] }>> = {
  testsuites: { attributes: ['tests', 'failures', 'errors'], children: ['testsuite'] },
  testsuite: { attributes: ['name', 'tests', 'failures', 'errors', 'skipped', 'time', 'timestamp'], children: ['properties', 'testcase'] },
  properties: { attributes: [], children: ['property'] },
  property: { attributes: ['name', 'value'], children: [] },
  testcase: { attributes: ['name', 'classname', 'time'], children: ['failure', 'error', 'skipped', 'system-out'] },
  failure: { attributes: ['message', 'type'], children: [] },
  error: { attributes: ['message', 'type'], children: [] },
  skipped: { attributes: ['message'], children: [] },
  'system-out': { attributes: [], children: [] },
};

/** What it does not have and we write all the same: docs/reports.md. */
const BEYOND_SCHEMA = new Set(['testsuites skipped', 'testcase file']);

/** Parses JUnit and asserts what that schema and GitLab's parser need of it. */
export function junitShape(xml: string): XmlElement {
  const root = parseStrictXml(xml);
  expect(root.name).toBe('testsuites');
  checkElement(root);
  const identities: string[] = [];
  const totals = { tests: 0, failures: 0, errors: 0, skipped: 0 };
  for (const suite of root.children) {
    expect(suite.name).toBe('testsuite');
    expect(suite.attributes['name']).toMatch(/\S/);
    expect(Number(suite.attributes['time'])).toBeGreaterThanOrEqual(0);
    const cases = casesIn(suite);
    identities.push(...cases.map((each) => identityOf(suite, each)));
    const found = { tests: cases.length, failures: having(cases, 'failure'), errors: having(cases, 'error'), skipped: having(cases, 'skipped') };
    for (const [name, count] of Object.entries(found)) {
      expect(suite.attributes[name]).toBe(String(count));
      totals[name as keyof typeof totals] += count;
    }
    for (const each of cases) checkCase(each);
  }
  expect(new Set(identities).size, 'GitLab drops what it takes for a duplicate').toBe(identities.length);
  for (const [name, count] of Object.entries(totals)) expect(root.attributes[name]).toBe(String(count));
  return root;
}

/** The text by which GitLab knows a case: gitlab-org/gitlab, lib/gitlab/ci/reports/test_case.rb. */
export function identityOf(suite: XmlElement, { attributes }: XmlElement): string {
  return `${suite.attributes['name']}_${attributes['classname']}_${attributes['name']}`;
}

function checkElement({ name, attributes, children }: XmlElement): void {
  const known = SCHEMA[name];
  if (known === undefined) throw new Error(`<${name}> is not in the schema`);
  const strange = Object.keys(attributes).filter((each) => !known.attributes.includes(each) && !BEYOND_SCHEMA.has(`${name} ${each}`));
  expect(strange, `attributes of <${name}>`).toEqual([]);
  for (const child of children) {
    expect(known.children).toContain(child.name);
    checkElement(child);
  }
}

function checkCase({ attributes, children }: XmlElement): void {
  expect(attributes['name']).toMatch(/\S/);
  expect(attributes['classname']).toMatch(/\S/);
  expect(attributes['time']).toMatch(/^\d+(\.\d{1,3})?$/);
  expect(children.filter(({ name }) => name !== 'system-out').length).toBeLessThanOrEqual(1);
  expect(children.filter(({ name }) => name === 'system-out').length).toBeLessThanOrEqual(1);
}

export function casesIn(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => (child.name === 'testcase' ? [child] : casesIn(child)));
}

export function bad(root: XmlElement): number {
  return Number(root.attributes['failures']) + Number(root.attributes['errors']);
}

function having(cases: readonly XmlElement[], name: string): number {
  return cases.filter(({ children }) => children.some((child) => child.name === name)).length;
}
