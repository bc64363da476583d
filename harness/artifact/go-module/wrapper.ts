import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../../lifecycle/root.ts';
import type { GoMain } from './component.ts';

const moduleVersion = z.object({ Path: z.string(), Version: z.string().optional() });

/** What of `go mod edit -json` is needed: https://pkg.go.dev/cmd/go#hdr-Edit_go_mod_from_tools_or_scripts */
export const goModSchema = z.object({
  Go: z.string().optional(),
  Godebug: z.array(z.object({ Key: z.string(), Value: z.string() })).nullish(),
  Require: z.array(z.object({ Path: z.string(), Version: z.string() })).nullish(),
  Exclude: z.array(moduleVersion).nullish(),
  Replace: z.array(z.object({ Old: moduleVersion, New: moduleVersion })).nullish(),
});

export type GoMod = z.output<typeof goModSchema>;

/** What the module around another one is called; main packages of ours are below it. */
export const WRAPPER_MODULE = 'proofgrid.dev/build';

/** The source of a main package. */
export function mainSource(main: GoMain): string {
  return 'file' in main ? readFileSync(path.join(packageRoot, main.file), 'utf8') : starterSource(main);
}

function starterSource({ start, imports }: Extract<GoMain, { readonly imports: unknown }>): string {
  const lines = [start.package, ...imports.map((path) => `_ ${path}`)].map((line) => line.replace(/(\S+)$/, '"$1"'));
  return ['package main', '', 'import (', ...lines.map((line) => `\t${line}`), ')', '', 'func main() {', `\t${start.call}()`, '}', ''].join('\n');
}

export interface Wrapped {
  readonly module: string;
  /** Without the leading `v`. */
  readonly version: string;
  /** Version of modules that the tree holds itself and requires as v0.0.0; absent where a module has none. */
  readonly staging?: string;
}

/**
 * The go.mod of a module that builds the programs of another one exactly as that one's own tree would: with its versions,
 * its replacements and its GODEBUG. What it replaces by folders of its tree comes from the modules published of them.
 */
export function wrapperGoMod(own: GoMod, { module, version, staging }: Wrapped): string {
  const required = new Map((own.Require ?? []).map(({ Path, Version }) => [Path, Version]));
  const replaced = (own.Replace ?? []).flatMap(({ Old, New }) => {
    if (New.Version !== undefined) return [`replace ${mention(Old)} => ${mention(New)}`];
    const local = required.get(Old.Path);
    // Required in a version of its own, the module published as that version is the same tree.
    if (local !== undefined && local !== 'v0.0.0') return [];
    if (staging === undefined) return [];
    return [`replace ${Old.Path} => ${Old.Path} v${staging}`];
  });
  return [
    `module ${WRAPPER_MODULE}`,
    '',
    ...(own.Go === undefined ? [] : [`go ${own.Go}`]),
    ...(own.Godebug ?? []).map(({ Key, Value }) => `godebug ${Key}=${Value}`),
    `require ${module} v${version}`,
    ...[...required].map(([path, at]) => `require ${path} ${at}`),
    ...(own.Exclude ?? []).map((excluded) => `exclude ${mention(excluded)}`),
    ...replaced,
    '',
  ].join('\n');
}

const mention = ({ Path, Version }: z.output<typeof moduleVersion>) => (Version === undefined ? Path : `${Path} ${Version}`);
