/** What a recipe may be made from: plain data, so that equal inputs give an equal key. */
export type Input = string | number | readonly Input[] | { readonly [name: string]: Input };

/** How to make one cache entry. Whatever can change its content is an input or the recipe's own version. */
export interface Recipe {
  /** Which kind of entry, a file-name-safe word; durations are remembered by `kind` and `name`. */
  readonly kind: string;
  /** For a person, as the object of "building": `Kubernetes 1.20.2+deb12u1 from Debian's source`. */
  readonly name: string;
  /** Raised by whoever changes what `build` produces. */
  readonly version: number;
  readonly inputs: Input;
  /** Milliseconds, an honest guess for a machine with two cores, until this cache has measured one. */
  readonly estimateMs: number;
  /** Milliseconds after which the build is stuck rather than slow. */
  readonly limitMs: number;
  /** Makes the files in `site.output`; facts found on the way (exact versions) go into the manifest. */
  build(site: BuildSite): Promise<Readonly<Record<string, string>>>;
}

/** Where a build works: two private directories that nobody else sees before the entry is complete. */
export interface BuildSite {
  /** Becomes the entry. */
  readonly output: string;
  /** Thrown away afterwards. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Names what is being done now, for the progress line; with `done`, how much of the whole build is, from 0 to 1. */
  readonly step: (what: string, done?: number) => void;
  /** Time that passes until the promise is settled is waiting, not building: estimates leave it out. */
  readonly waiting: <T>(what: string, until: Promise<T>) => Promise<T>;
  /** Runs a program that cannot outlive this process; resolves with its standard output. */
  readonly run: (command: readonly [string, ...string[]], options?: RunOptions) => Promise<string>;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Called with each line that the program writes to its standard error. */
  readonly onErrorLine?: (line: string) => void;
  /** Added to a clean environment: PATH, HOME and proxies are all that a build inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** A directory that the program, and it alone, sees at `/usr/src`: compilers record paths, and this one is the same everywhere. */
  readonly sourceDirectory?: string;
}

/** A complete, verified, read-only entry of the cache. */
export interface Entry {
  readonly key: string;
  readonly directory: string;
  /** File path relative to `directory` → SHA-256, lower-case hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, string>>;
}
