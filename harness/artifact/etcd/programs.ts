import { inRange } from '../../matrix/version.ts';

const ALWAYS = ['etcd', 'etcdctl'] as const;

/**
 * The executables of a release, and what a recipe says of them: nothing where they are the two that every release has.
 * etcdutl came with 3.5: https://github.com/etcd-io/etcd/blob/main/CHANGELOG/CHANGELOG-3.5.md
 */
export function etcdPrograms(version: string): { readonly names: readonly string[]; readonly input: { readonly programs?: readonly string[] } } {
  if (!inRange(version, '>=3.5')) return { names: ALWAYS, input: {} };
  const names = [...ALWAYS, 'etcdutl'];
  return { names, input: { programs: names } };
}
