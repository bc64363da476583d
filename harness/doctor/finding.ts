/** Something about this host that stands in the way. */
export interface Finding {
  /** Stable, kebab-case: the check that found it. */
  readonly name: string;
  /** What is wrong, one sentence, no full stop. */
  readonly problem: string;
  /** The exact command that mends it, or what a person has to do when no command can. */
  readonly fix: string;
  /** How `--fix` mends it; absent where only a person can. */
  readonly repair?: Repair;
  /** `note`: known, worked around, and worth knowing. */
  readonly severity: 'error' | 'note';
}

/** Packages are installed together, in one run of apt; kernel settings one by one. */
export type Repair =
  | { readonly type: 'packages'; readonly packages: readonly string[] }
  | { readonly type: 'sysctl'; readonly key: string; readonly value: string }
  | { readonly type: 'module'; readonly module: string }
  | { readonly type: 'toolchain' };

/** One check of the host. It never changes anything and never throws: what cannot be found out is a finding too. */
export interface HostCheck {
  readonly name: string;
  readonly inspect: (host: Host) => Promise<Finding | undefined>;
}

/** What checks look at; a test passes another host. */
export interface Host {
  readonly root: boolean;
  readonly architecture: string;
  /** Directory of the artifact cache, which need not exist yet. */
  readonly cacheDirectory: string;
  /** Content of a file, or undefined when it cannot be read. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** Runs a program; a missing program has the exit code 127. */
  readonly run: (command: readonly [string, ...string[]]) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  /** Free bytes on the file system of the path, or of its nearest ancestor that exists. */
  readonly freeSpace: (path: string) => Promise<number>;
  /** Whether the artifact cache has the Go toolchain. */
  readonly hasToolchain: () => Promise<boolean>;
}

/** A finding that keeps machines from running. */
export function failure(name: string, problem: string, fix: string, repair?: Repair): Finding {
  return { name, severity: 'error', problem, fix, ...(repair === undefined ? {} : { repair }) };
}
