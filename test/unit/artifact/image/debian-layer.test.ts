import { expect, test } from 'vitest';
import { outsideLibraries } from '../../../../harness/artifact/image/debian-layer.ts';
import { PACKET_FILTER_LAYER } from '../../../../harness/artifact/image/packet-filter-layer.ts';

const LISTED = `\tlinux-vdso.so.1 (0x00007ffc)
\tlibmnl.so.0 => /build/root/usr/lib/x86_64-linux-gnu/libmnl.so.0 (0x00007f01)
\tlibedit.so.2 => /usr/lib/x86_64-linux-gnu/libedit.so.2 (0x00007f02)
\tlibgmp.so.10 => not found
\t/build/root/usr/lib64/ld-linux-x86-64.so.2 (0x00007f03)
`;

test('a library that only the build machine has, or nobody, is missing from the layer', () => {
  expect(outsideLibraries(LISTED, '/build/root')).toEqual(['libedit.so.2', 'libgmp.so.10']);
});

test('a root whose name starts the same is another one', () => {
  expect(outsideLibraries('\tlibmnl.so.0 => /build/root-2/libmnl.so.0 (0x1)\n', '/build/root')).toEqual(['libmnl.so.0']);
});

test('no package is named twice, and every link leads to a program whose libraries are proved', () => {
  const { packages, links, programs } = PACKET_FILTER_LAYER;
  expect(new Set(packages).size).toBe(packages.length);
  expect(new Set(Object.values(links))).toEqual(new Set(['xtables-nft-multi']));
  expect(programs).toContain('usr/sbin/xtables-nft-multi');
});
