import { expect, test } from 'vitest';
import { goModSchema, mainSource, wrapperGoMod } from '../../../../harness/artifact/go-module/wrapper.ts';

const parse = (own: unknown) => goModSchema.parse(own);

test('what Kubernetes keeps in its tree comes from the modules published of it', () => {
  const own = parse({
    Module: { Path: 'k8s.io/kubernetes' },
    Go: '1.26.0',
    Godebug: [{ Key: 'default', Value: 'go1.26' }],
    Require: [{ Path: 'k8s.io/api', Version: 'v0.0.0' }, { Path: 'golang.org/x/net', Version: 'v0.47.0' }],
    Exclude: null,
    Replace: [{ Old: { Path: 'k8s.io/api' }, New: { Path: './staging/src/k8s.io/api' } }],
  });
  expect(wrapperGoMod(own, { module: 'k8s.io/kubernetes', version: '1.37.2', staging: '0.37.2' })).toBe(`module proofgrid.dev/build

go 1.26.0
godebug default=go1.26
require k8s.io/kubernetes v1.37.2
require k8s.io/api v0.0.0
require golang.org/x/net v0.47.0
replace k8s.io/api => k8s.io/api v0.37.2
`);
});

test('a folder of the tree that is required in a version of its own is that version; a replacement by a module stays', () => {
  const own = parse({
    Require: [{ Path: 'go.etcd.io/etcd/api/v3', Version: 'v3.6.16' }],
    Exclude: [{ Path: 'example.com/bad', Version: 'v1.0.0' }],
    Replace: [
      { Old: { Path: 'go.etcd.io/etcd/api/v3' }, New: { Path: '../api' } },
      { Old: { Path: 'example.com/a', Version: 'v1.0.0' }, New: { Path: 'example.com/b', Version: 'v1.1.0' } },
    ],
  });
  expect(wrapperGoMod(own, { module: 'go.etcd.io/etcd/server/v3', version: '3.6.16' })).toBe(`module proofgrid.dev/build

require go.etcd.io/etcd/server/v3 v3.6.16
require go.etcd.io/etcd/api/v3 v3.6.16
exclude example.com/bad v1.0.0
replace example.com/a v1.0.0 => example.com/b v1.1.0
`);
});

test('a main package can be a file of this checkout', () => {
  expect(mainSource({ file: 'harness/artifact/image/local-volumes/main.go' })).toContain('package main\n');
});
