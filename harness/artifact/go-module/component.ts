/** One executable of a component. */
export interface GoProgram {
  /** Module that holds it, without a version. */
  readonly module: string;
  /** Import path of its main package. */
  readonly package: string;
  /** Where the main package is one of ours. */
  readonly main?: GoMain;
}

export type GoMain =
  /** Starts one function, and imports packages for their effects. */
  | { readonly start: { readonly package: string; readonly call: string }; readonly imports: readonly string[] }
  /** A file of this checkout, relative to its root. */
  | { readonly file: string };

/** How executables are built from Go modules, whatever their version. */
export interface GoBuild {
  /** File name of the executable → where its source is. */
  readonly programs: Readonly<Record<string, GoProgram>>;
  readonly tags?: readonly string[];
  /** Needs a C compiler; linked statically all the same. */
  readonly cgo?: boolean;
  /** Package variables that the linker sets, by their full names. */
  readonly stamps?: (version: string, release: Release) => Readonly<Record<string, string>>;
  /** Package variables whose value is the content of a file of their module: variable → path in the module. */
  readonly fileStamps?: Readonly<Record<string, string>>;
  /** Version of the modules that the component's own go.mod takes from its tree with the version v0.0.0. */
  readonly staging?: (version: string) => string;
}

/** A component that is built from Go modules: one row of data. */
export interface GoComponent extends GoBuild {
  /** For a person: `Kubernetes`. */
  readonly title: string;
  /** An executable that says its version: the first group of `pattern`, without a `v`, must be what was asked for. */
  readonly proof: { readonly program: string; readonly args: readonly string[]; readonly pattern: RegExp };
  /** Milliseconds, on two cores, with nothing compiled before. */
  readonly estimateMs: number;
}

/** What the module proxy says of a version. */
export interface Release {
  /** When the version's commit was made, RFC 3339. */
  readonly time: string;
}
