import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { z } from 'zod';
import { defaultCacheDirectory } from '../harness/artifact/options.ts';

/** A page of a real browser. */
export interface BrowserPage {
  /** Opens a file at a width, in CSS pixels. */
  open(file: string, width: number): Promise<void>;
  /** Runs an expression in the page and returns its value. */
  evaluate(expression: string): Promise<unknown>;
  /** The page from its top to its bottom, or to `maxHeight`, as PNG. */
  screenshot(maxHeight: number): Promise<Buffer>;
  /** What the page wanted from elsewhere: addresses other than its own file. */
  requests(): readonly string[];
  /** Messages of the console and of the content policy. */
  complaints(): readonly string[];
}

export interface Browser {
  readonly page: BrowserPage;
  close(): Promise<void>;
}

/** Debian's name of a browser without a window, and of its program. */
const PACKAGE = 'chromium-headless-shell';
/** Characters of what the browser says, kept for the message when it does not start. */
const MAX_SAID = 4000;
/** Milliseconds for one answer of the browser: 300 cells on a busy machine. */
const ANSWER_LIMIT_MS = 30_000;

/** A browser with one page; driven as https://chromedevtools.github.io/devtools-protocol describes, over pipes and no port. */
export async function openBrowser(): Promise<Browser> {
  const { program, env } = await findBrowser();
  const profile = mkdtempSync(path.join(tmpdir(), 'proofgrid-browser-'));
  const flags = ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--remote-debugging-pipe', `--user-data-dir=${profile}`];
  // Descriptor 3 takes requests and 4 gives answers: content/browser/devtools/devtools_pipe_handler.cc
  const child = spawn(program, [...flags, 'about:blank'], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  const [, , errors, requests, answers] = child.stdio;
  let said = '';
  errors?.on('data', (data: Buffer) => (said = `${said}${data.toString()}`.slice(-MAX_SAID)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  const close = async () => {
    child.kill('SIGKILL');
    await Promise.race([ended, failed.catch(() => undefined)]);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { page: await Promise.race([connect(requests as Writable, answers as Readable), failed]), close };
  } catch (cause) {
    await close();
    throw new Error(`${program} did not start: ${said}`, { cause });
  }
}

const answer = z.object({ id: z.number().optional(), method: z.string().optional(), params: z.unknown().optional(), result: z.unknown().optional(), error: z.object({ message: z.string() }).optional() });
const targets = z.object({ targetInfos: z.array(z.object({ targetId: z.string(), type: z.string() })) });
const requested = z.object({ request: z.object({ url: z.string() }) });

async function connect(input: Writable, output: Readable): Promise<BrowserPage> {
  const waiting = new Map<number, (message: z.infer<typeof answer>) => void>();
  const listeners = new Map<string, () => void>();
  const requests: string[] = [];
  const complaints: string[] = [];
  let next = 0;
  let session = '';
  let rest = Buffer.alloc(0);
  output.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      hear(answer.parse(JSON.parse(rest.subarray(0, end).toString())));
      rest = rest.subarray(end + 1);
    }
  });
  const hear = (message: z.infer<typeof answer>) => {
    if (message.id !== undefined) return waiting.get(message.id)?.(message);
    if (message.method === 'Network.requestWillBeSent') requests.push(requested.parse(message.params).request.url);
    if (message.method === 'Log.entryAdded' || message.method === 'Runtime.exceptionThrown' || message.method === 'Runtime.consoleAPICalled') complaints.push(JSON.stringify(message.params));
    listeners.get(message.method ?? '')?.();
  };
  const call = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const id = (next += 1);
      const timer = setTimeout(() => reject(new Error(`${method}: no answer after ${ANSWER_LIMIT_MS} ms`)), ANSWER_LIMIT_MS);
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      input.write(`${JSON.stringify({ id, method, params, ...(session === '' ? {} : { sessionId: session }) })}\0`);
    });
  const evaluate = async (expression: string) => {
    const result = await call('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    const { result: value, exceptionDetails } = z.object({ result: z.object({ value: z.unknown().optional() }), exceptionDetails: z.unknown().optional() }).parse(result);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return value.value;
  };
  const { targetInfos } = targets.parse(await call('Target.getTargets'));
  const target = targetInfos.find(({ type }) => type === 'page');
  if (target === undefined) throw new Error('the browser has no page');
  session = z.object({ sessionId: z.string() }).parse(await call('Target.attachToTarget', { targetId: target.targetId, flatten: true })).sessionId;
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await call(`${domain}.enable`);
  return {
    async open(file, width) {
      requests.length = 0;
      await call('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
      const loaded = new Promise<void>((resolve) => listeners.set('Page.loadEventFired', resolve));
      await call('Page.navigate', { url: `file://${file}` });
      await loaded;
    },
    evaluate,
    async screenshot(maxHeight) {
      const size = z.object({ width: z.number(), height: z.number() }).parse(await evaluate('({ width: innerWidth, height: document.documentElement.scrollHeight })'));
      const clip = { x: 0, y: 0, width: size.width, height: Math.min(size.height, maxHeight), scale: 1 };
      const { data } = z.object({ data: z.string() }).parse(await call('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, clip }));
      return Buffer.from(data, 'base64');
    },
    requests: () => requests.filter((each) => !each.startsWith('file://')),
    complaints: () => complaints,
  };
}

interface FoundBrowser {
  readonly program: string;
  readonly env: Record<string, string>;
}

/** `$PROOFGRID_BROWSER`, else one of the PATH, else Debian's, unpacked into the cache: a test installs nothing in the system. */
async function findBrowser(): Promise<FoundBrowser> {
  const named = process.env['PROOFGRID_BROWSER'];
  if (named !== undefined && named !== '') return { program: named, env: {} };
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const installed = [PACKAGE, 'chromium', 'google-chrome'].flatMap((name) => directories.map((directory) => path.join(directory, name))).find((file) => existsSync(file));
  if (installed !== undefined) return { program: installed, env: {} };
  const root = path.join(defaultCacheDirectory(), 'browser');
  const program = path.join(root, 'usr/lib/chromium', PACKAGE);
  if (!existsSync(program)) await unpack(root);
  const libraries = path.join(root, 'usr/lib', 'x86_64-linux-gnu');
  return { program, env: { LD_LIBRARY_PATH: [libraries, path.join(libraries, 'pulseaudio')].join(path.delimiter) } };
}

async function download(work: string): Promise<void> {
  const { stdout } = await execa('apt-get', ['install', '--simulate', '--no-install-recommends', PACKAGE]);
  const packages = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name);
  await execa('apt-get', ['download', ...packages], { cwd: work });
}

async function unpack(root: string): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'proofgrid-browser-'));
  try {
    // lists of yesterday name packages that the archive has replaced since
    await download(work).catch(() => execa('apt-get', ['update']).then(() => download(work)));
    const partial = `${root}.${process.pid}.partial`;
    mkdirSync(partial, { recursive: true });
    for (const file of readdirSync(work)) await execa('dpkg-deb', ['--extract', path.join(work, file), partial]);
    rmSync(root, { recursive: true, force: true });
    renameSync(partial, root);
  } catch (error) {
    throw new Error(`this test needs a browser: install Debian's ${PACKAGE} (after apt-get update), or name one in PROOFGRID_BROWSER`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
