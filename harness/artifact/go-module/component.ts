/** One executable of a component. */
export interface GoProgram {
  /** Module that holds it, without a version. */
  readonly module: string;
  /** Import path of its main package. */
  readonly package: string;
  /** Packages that the main package imports for their effects, where it is one of ours that starts this function. */
  readonly main?: { readonly start: { readonly package: string; readonly call: string }; readonly imports: readonly string[] };
}

/** How executables are built from Go modules, whatever their version. */
export interface GoBuild {
  /** File name of the executable → where its source is. */
  readonly programs: Readonly<Record<string, GoProgram>>;
  readonly tags?: readonly string[];
  /** Needs a C compiler; linked statically all the same. */
  readonly cgo?: boolean;
  /** Package variables that the linker sets, by their full names. */
  readonly stamps?: (version: string, release: Release) => Readonly<Record<string, string>>;
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
