import { RUNTIMES, type Runtime } from '../../lifecycle/cluster-deployment.ts';
import type { RuntimeSource } from './cell.ts';
import type { MatrixDocument } from './schema.ts';
import { inRange, isValidRange } from './version.ts';

type RuntimeValue = MatrixDocument['axes']['runtime']['values'][number];
type System = MatrixDocument['axes']['os']['values'][number];

/** Minor versions of the engines in each system's packages; a stable Debian keeps them. */
const PACKAGED: Readonly<Record<System, Readonly<Record<Runtime, string>>>> = {
  'debian-12': { containerd: '1.6', docker: '20.10' },
  'debian-13': { containerd: '1.7', docker: '26.1' },
};

/** What the axis calls a value: `docker` is the system's package, `docker-27.5.1` that release. */
export function nameOfRuntime(value: RuntimeValue): string {
  return typeof value === 'string' ? value : `${value.engine}-${value.version}`;
}

/** The engine behind an accepted value, and where it comes from unless it is the system's package. */
export function runtimeOf({ axes }: MatrixDocument, name: string): { readonly runtime: Runtime; readonly source?: RuntimeSource } {
  const value = axes.runtime.values.find((each) => nameOfRuntime(each) === name);
  if (value === undefined) throw new Error(`the axis runtime has no value ${name}`);
  if (typeof value === 'string') return { runtime: value };
  const { engine: runtime, version } = value;
  if (value.engine === 'docker') return { runtime, source: { ...value.source, engine: value.engine, version, url: trimmed(value.source.url) } };
  const { type, url, runc } = value.source;
  return { runtime, source: { type, engine: value.engine, version, url: trimmed(url), runc: { ...runc, url: trimmed(runc.url) } } };
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

export function engineMatches(document: MatrixDocument, { runtime, os }: { readonly runtime: string; readonly os: string }, condition: EngineCondition): boolean {
  const { runtime: engine, source } = runtimeOf(document, runtime);
  if (engine !== condition.engine) return false;
  return condition.range === undefined || inRange(source?.version ?? PACKAGED[os as System][engine], condition.range);
}
