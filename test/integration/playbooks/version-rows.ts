import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { packageRoot } from '../../../lifecycle/root.ts';

const PLAYBOOKS = path.join(packageRoot, 'playbooks');
const DIRECTORY = path.join(PLAYBOOKS, 'group_vars/all/versions');

export interface Row {
  readonly since?: string;
  readonly until?: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly source?: string;
}

/** Every table of rows: `kubelet.flags.containerd`, `etcd.settings`, … */
export const TABLES: ReadonlyMap<string, readonly Row[]> = new Map(
  readdirSync(DIRECTORY).flatMap((file) => {
    const component = path.basename(file, '.yml');
    const document = parse(readFileSync(path.join(DIRECTORY, file), 'utf8')) as Record<string, unknown>;
    return tablesIn(component, document[`${component.replaceAll('-', '_')}_versions`]);
  }),
);

function tablesIn(name: string, node: unknown): [string, Row[]][] {
  if (Array.isArray(node)) return [[name, node as Row[]]];
  return Object.entries(node as Record<string, unknown>).flatMap(([key, value]) => tablesIn(`${name}.${key}`, value));
}

const SCRIPT = `import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1] + '/plugins/filter')
from cluster import for_version
given = json.load(sys.stdin)
print(json.dumps([for_version(given['rows'], version, given['base']) for version in given['versions']]))`;

/** The rows of a table as Ansible's own filter merges them into `base`, for each version; placeholders stay as they are written. */
export async function merged(table: string, versions: readonly string[], base: object = { config: 'file' }): Promise<Record<string, unknown>[]> {
  const input = JSON.stringify({ rows: TABLES.get(table), versions, base });
  const { stdout } = await execa('/usr/bin/python3', ['-c', SCRIPT, PLAYBOOKS], { input, cwd: path.parse(packageRoot).root });
  return JSON.parse(stdout) as Record<string, unknown>[];
}

/** Flags that the playbooks give a component of this version with containerd, without `--`. */
export async function flagsOf(component: Component, version: string): Promise<string[]> {
  const { table, base } = COMMAND_LINES[component];
  const [flags = {}] = await merged(table, [version], Object.fromEntries(base().map((name) => [name, ''])));
  return Object.keys(flags).sort();
}

export const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'] as const;
type Component = (typeof COMPONENTS)[number];

const COMMAND_LINES: Readonly<Record<Component, { readonly table: string; readonly base: () => string[] }>> = {
  'kube-apiserver': { table: 'kube-apiserver.flags', base: () => controlPlaneFlags('control_plane_api_flags') },
  'kube-controller-manager': { table: 'kube-controller-manager.flags', base: () => controlPlaneFlags('control_plane_manager_flags') },
  'kube-scheduler': { table: 'kube-scheduler.flags', base: () => controlPlaneFlags('control_plane_scheduler_flags') },
  'kubelet': { table: 'kubelet.flags.containerd', base: () => [...readFileSync(path.join(PLAYBOOKS, 'roles/node/templates/kubelet.service.j2'), 'utf8').matchAll(/^ {2}--([a-z-]+)=/gm)].map(([, name = '']) => name) },
};

function controlPlaneFlags(variable: string): string[] {
  const variables = parse(readFileSync(path.join(PLAYBOOKS, 'roles/control_plane/vars/main/flags.yml'), 'utf8')) as Record<string, Record<string, unknown>>;
  return Object.keys(variables[variable] ?? {});
}

/** Of the flags that the playbooks give each component, those that its executable does not offer any more: removed, or hidden as deprecated. */
export async function unknownFlags(directory: string, version: string): Promise<string[]> {
  const found = await Promise.all(COMPONENTS.map(async (component) => {
    const { stdout } = await execa(path.join(directory, component), ['--help']);
    const flags = await flagsOf(component, version);
    return flags.filter((flag) => !new RegExp(`(^|\\s)--${flag}[\\s=]`, 'm').test(stdout)).map((flag) => `${component} --${flag}`);
  }));
  return found.flat();
}
