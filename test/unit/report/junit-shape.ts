import { expect } from 'vitest';
import { parseStrictXml, type XmlElement } from './strict-xml.ts';

const SUITE_CHILDREN = new Set(['properties', 'testcase']);
const CASE_CHILDREN = new Set(['failure', 'error', 'skipped', 'system-out']);

/** Parses JUnit and asserts what Jenkins' schema and GitLab's parser need of it: https://github.com/jenkinsci/xunit-plugin (junit-10.xsd). */
export function junitShape(xml: string): XmlElement {
  const root = parseStrictXml(xml);
  expect(root.name).toBe('testsuites');
  const totals = { tests: 0, failures: 0, errors: 0, skipped: 0 };
  for (const suite of root.children) {
    expect(suite.name).toBe('testsuite');
    expect(suite.attributes['name']).toMatch(/\S/);
    expect(Number(suite.attributes['time'])).toBeGreaterThanOrEqual(0);
    for (const child of suite.children) expect(SUITE_CHILDREN).toContain(child.name);
    const cases = casesIn(suite);
    const keys = cases.map(({ attributes }) => JSON.stringify([attributes['classname'], attributes['name']]));
    expect(new Set(keys).size, 'GitLab drops what it takes for a duplicate').toBe(keys.length);
    const found = { tests: cases.length, failures: having(cases, 'failure'), errors: having(cases, 'error'), skipped: having(cases, 'skipped') };
    for (const [name, count] of Object.entries(found)) {
      expect(suite.attributes[name]).toBe(String(count));
      totals[name as keyof typeof totals] += count;
    }
    for (const each of cases) checkCase(each);
  }
  for (const [name, count] of Object.entries(totals)) expect(root.attributes[name]).toBe(String(count));
  return root;
}

function checkCase({ attributes, children }: XmlElement): void {
  expect(attributes['name']).toMatch(/\S/);
  expect(attributes['classname']).toMatch(/\S/);
  expect(attributes['time']).toMatch(/^\d+(\.\d{1,3})?$/);
  for (const child of children) expect(CASE_CHILDREN).toContain(child.name);
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
