import { expect, test } from 'vitest';
import { moduleProxies } from '../../../../harness/artifact/go-module/proxy.ts';

test.each<[string, string | undefined, string[]]>([
  ['unset: the go command has a default', undefined, ['https://proxy.golang.org']],
  ['several, with either separator', 'https://a.example/go/,https://b.example|direct', ['https://a.example/go', 'https://b.example']],
  ['no proxy at all', 'off', []],
])('%s', (_name, value, expected) => {
  expect(moduleProxies(value === undefined ? {} : { GOPROXY: value })).toEqual(expected);
});
