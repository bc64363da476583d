import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { html } from '../../../harness/report/html.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { openBrowser, type Browser, type BrowserPage } from '../../browser.ts';
import { manyCells } from '../../many-cells.ts';

/** Kept for whoever wants to look, also as a job's artifacts. */
const PICTURES = path.join(packageRoot, 'proofgrid-runs', 'report-pictures');
/** CSS pixels of a picture's height: enough to judge by, and small enough to open. */
const MAX_HEIGHT = 6000;
const DESKTOP = 1280;
const PHONE = 390;

const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-page-'));
let browser: Browser | undefined;
function pageOf(): BrowserPage {
  if (browser === undefined) throw new Error('the browser did not start');
  return browser.page;
}
beforeAll(async () => {
  browser = await openBrowser();
  mkdirSync(PICTURES, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Elements that reach out of the window, or hide a part of their text; their own description, for the message. */
const CUT_OFF = `[...document.body.querySelectorAll('*')].filter((each) => {
  const box = each.getBoundingClientRect();
  if (box.width === 0 || each.closest('thead, option, script')) return false;
  const hides = getComputedStyle(each).overflowX !== 'visible' && each.tagName !== 'INPUT' && each.tagName !== 'SELECT';
  return box.left < -0.5 || box.right > innerWidth + 0.5 || (hides && each.scrollWidth > each.clientWidth + 1);
}).slice(0, 5).map((each) => each.tagName + '.' + each.className + ': ' + each.textContent.slice(0, 60))`;

/** A table's head may be away only where each field says its own name. */
const OVERLAPS = `[...document.querySelectorAll('tr')].filter((row) => row.offsetParent !== null).flatMap((row) => {
  const fields = [...row.children].map((each) => each.getBoundingClientRect()).filter(({ width, height }) => width > 0 && height > 0);
  return fields.filter((one, index) => fields.slice(index + 1).some((other) => one.right > other.left + 0.5 && other.right > one.left + 0.5 && one.bottom > other.top + 0.5 && other.bottom > one.top + 0.5)).map(() => row.textContent.slice(0, 60));
}).slice(0, 5)`;

const OPEN_ALL = `document.querySelectorAll('details').forEach((each) => { each.open = true; })`;

describe.each([1, 30, 300])('the page of %i cells', (count) => {
  const file = path.join(directory, `${count}.html`);
  beforeAll(() => writeFileSync(file, html(manyCells(count), { directory: 'proofgrid-runs/20261127-201500-a1b2c3' })));

  test.each([DESKTOP, PHONE])('fits %i px, folded and with everything open', async (width) => {
    const page = pageOf();
    await page.open(file, width);
    expect(await page.evaluate('innerWidth')).toBe(width);
    writeFileSync(path.join(PICTURES, `${count}-cells-${width}.png`), await page.screenshot(MAX_HEIGHT));
    expect(await page.evaluate(CUT_OFF)).toEqual([]);
    expect(await page.evaluate(OVERLAPS)).toEqual([]);
    expect(page.requests()).toEqual([]);
    expect(page.complaints()).toEqual([]);
    // What opens is the same ten times over.
    if (count === 300) return;
    await page.evaluate(OPEN_ALL);
    writeFileSync(path.join(PICTURES, `${count}-cells-${width}-open.png`), await page.screenshot(MAX_HEIGHT));
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(await page.evaluate(CUT_OFF)).toEqual([]);
    expect(await page.evaluate(OVERLAPS)).toEqual([]);
  });
});

test('a failure leads to its case, and opens the phase around it', async () => {
  const page = pageOf();
  await page.open(path.join(directory, '30.html'), DESKTOP);
  await page.evaluate(`document.querySelectorAll('.cell details').forEach((each) => { each.open = false; })`);
  const target = await page.evaluate(`(() => { const link = document.querySelector('.case.failed summary a'); link.click(); return link.hash.slice(1); })()`);
  await expect.poll(() => page.evaluate(`(() => { const box = document.getElementById(${JSON.stringify(target)}).getBoundingClientRect(); return box.height > 0 && box.top >= 0 && box.top < innerHeight; })()`)).toBe(true);
});

test('the filter leaves the cells that have every word and the verdict, everywhere on the page', async () => {
  const page = pageOf();
  await page.open(path.join(directory, '300.html'), DESKTOP);
  const rows = `document.querySelectorAll('.overview tbody tr:not([hidden])').length`;
  expect(await page.evaluate(rows)).toBe(300);
  const type = (words: string, verdict: string) =>
    page.evaluate(`(() => { const [text, choice] = ['filter-text', 'filter-verdict'].map((id) => document.getElementById(id)); text.value = ${JSON.stringify(words)}; choice.value = ${JSON.stringify(verdict)}; text.dispatchEvent(new Event('input', { bubbles: true })); })()`);
  await type('DEBIAN-13 kube-router', 'failed');
  const wanted = manyCells(300).cells.filter(({ axes, verdict }) => axes['os'] === 'debian-13' && axes['network'] === 'kube-router' && verdict === 'failed');
  expect(wanted.length).toBeGreaterThan(3);
  expect(await page.evaluate(rows)).toBe(wanted.length);
  expect(await page.evaluate(`document.querySelectorAll('details.cell:not([hidden])').length`)).toBe(wanted.length);
  expect(await page.evaluate(`document.querySelectorAll('details.case:not([hidden])').length`)).toBe(wanted.length);
  expect(await page.evaluate(`document.getElementById('filter-count').textContent`)).toBe(`${wanted.length} of 300 cells`);
  expect(await page.evaluate(CUT_OFF)).toEqual([]);
});
