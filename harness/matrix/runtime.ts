import { RUNTIMES, type Runtime } from '../../lifecycle/cluster-deployment.ts';
import type { RuntimeSource } from './cell.ts';
import type { MatrixDocument } from './schema.ts';
import { inRange, isValidRange, RUNTIME_NAME } from './version.ts';
import type { VersionTable } from './versions/table.ts';

type RuntimeValue = MatrixDocument['axes']['runtime']['values'][number];
type System = MatrixDocument['axes']['os']['values'][number];

/** Minor versions in each system's packages; a stable Debian keeps them. */
const PACKAGED: Readonly<Record<System, Readonly<Record<Runtime | 'runc', string>>>> = {
  'debian-12': { containerd: '1.6', docker: '20.10', runc: '1.1' },
  'debian-13': { containerd: '1.7', docker: '26.1', runc: '1.1' },
};

/** What the axis calls a value: `docker` is the system's package, `docker-27.5.1` that release. */
export function nameOfRuntime(value: RuntimeValue): string {
  return typeof value === 'string' ? value : `${value.engine}-${value.version}`;
}

/** Whether the matrix file itself says where this value comes from. */
export function isWrittenOut({ axes }: MatrixDocument, name: string): boolean {
  return axes.runtime.values.some((value) => typeof value !== 'string' && nameOfRuntime(value) === name);
}

/** The engine behind an accepted value, and where it comes from unless it is the system's package. */
export function runtimeOf({ axes, versions }: MatrixDocument, name: string): { readonly runtime: Runtime; readonly source?: RuntimeSource } {
  const value = axes.runtime.values.find((each) => nameOfRuntime(each) === name) ?? name;
  if (typeof value === 'string') return namedRuntime(versions, value);
  const { engine: runtime, version } = value;
  if (value.engine === 'docker') return { runtime, source: { ...value.source, engine: value.engine, version, url: trimmed(value.source.url) } };
  const { type, url, runc } = value.source;
  return { runtime, source: { type, engine: value.engine, version, url: trimmed(url), runc: { ...runc, url: trimmed(runc.url) } } };
}

function namedRuntime(versions: VersionTable, name: string): { readonly runtime: Runtime; readonly source?: RuntimeSource } {
  const packaged = RUNTIMES.find((runtime) => runtime === name);
  if (packaged !== undefined) return { runtime: packaged };
  const version = RUNTIME_NAME.exec(name)?.[2];
  if (version === undefined) throw new Error(`the axis runtime has no value ${name}`);
  const { source: type, mirrors } = versions;
  const { runc } = rowOfContainerd(versions, version);
  const release = type === 'go-module'
    ? { type, engine: 'containerd', version, runc: { version: runc } } as const
    : { type, engine: 'containerd', version, url: trimmed(mirrors.containerd), runc: { url: trimmed(mirrors.runc), version: runc } } as const;
  return { runtime: 'containerd', source: release };
}

/** The row of a containerd release, else the newest one: it says what goes with it. */
export function rowOfContainerd({ file, containerd }: VersionTable, version: string): VersionTable['containerd'][number] {
  const row = containerd.find((each) => each.version === version) ?? containerd.at(-1);
  if (row === undefined) throw new Error(`${file} has no row of containerd`);
  return row;
}

const trimmed = (url: string) => url.replace(/\/+$/, '');

/** A condition on an engine rather than on one value: `docker` in every version, or `containerd <2.0`. */
interface EngineCondition {
  readonly engine: Runtime;
  readonly range?: string;
}

export function parseEngineCondition(text: string): EngineCondition | undefined {
  const [word = '', range, ...rest] = text.split(/ +(.*)/, 2);
  const engine = RUNTIMES.find((one) => one === word);
  if (engine === undefined || rest.length > 0) return undefined;
  if (range === undefined) return { engine };
  return isValidRange(range) ? { engine, range } : undefined;
}

/** The engine of a combination with its version, and the runc below it where that is known. */
export function engineOf(document: MatrixDocument, { runtime: name, os }: { readonly runtime: string; readonly os: string }): { readonly engine: Runtime; readonly version: string; readonly runc?: string } {
  const { runtime: engine, source } = runtimeOf(document, name);
  const packaged = PACKAGED[os as System];
  if (source === undefined) return { engine, version: packaged[engine], runc: packaged.runc };
  return { engine, version: source.version, ...(source.engine === 'containerd' && { runc: source.runc.version }) };
}

export function engineMatches(document: MatrixDocument, values: { readonly runtime: string; readonly os: string }, condition: EngineCondition): boolean {
  const { engine, version } = engineOf(document, values);
  if (engine !== condition.engine) return false;
  return condition.range === undefined || inRange(version, condition.range);
}
