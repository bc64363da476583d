import { join } from 'node:path';
import type { Apt } from '../debian/apt.ts';
import type { Suite } from '../debian/suite.ts';
import type { BuildSite } from '../recipe.ts';
import type { Member } from './tar.ts';

/** Debian's dig and every package with a library that it is linked to; a missing one fails the build by its name. */
const PACKAGES = [
  ...['bind9-dnsutils', 'bind9-libs', 'libc6', 'libcom-err2', 'libfstrm0', 'libgcc-s1', 'libgssapi-krb5-2', 'libicu72', 'libidn2-0'],
  ...['libjemalloc2', 'libjson-c5', 'libk5crypto3', 'libkeyutils1', 'libkrb5-3', 'libkrb5support0', 'liblmdb0', 'liblzma5'],
  ...['libmaxminddb0', 'libnghttp2-14', 'libprotobuf-c1', 'libssl3', 'libstdc++6', 'libunistring2', 'libuv1', 'libxml2', 'zlib1g'],
];
const LIBRARIES = 'lib/x86_64-linux-gnu';
const LOADER = 'lib64/ld-linux-x86-64.so.2';

/** dig, its libraries and their loader as members of an image without any other dynamic program. */
export async function digMembers(apt: Apt, suite: Suite, site: BuildSite): Promise<Member[]> {
  const root = await apt.unpack(suite, PACKAGES, site, 'dig');
  const program = join(root, 'usr/bin/dig');
  const loader = join(root, LIBRARIES, 'ld-linux-x86-64.so.2');
  const path = [join(root, 'usr', LIBRARIES), join(root, LIBRARIES)].join(':');
  const list = await site.run([loader, '--library-path', path, '--list', program]);
  const libraries = [...list.matchAll(/^\s*(\S+) => (\S+)/gm)].map(([, name = '', source = '']) => ({ name, source }));
  const strange = libraries.filter(({ source }) => !source.startsWith(root));
  if (libraries.length === 0 || strange.length > 0) throw new Error(`dig is linked to what no package here has: ${strange.map(({ name }) => name).join(', ') || list}`);
  return [
    ...['lib', LIBRARIES, 'lib64'].map((directory): Member => ({ type: 'directory', path: directory, mode: 0o755 })),
    { type: 'copy', path: LOADER, mode: 0o755, source: loader },
    ...libraries.map(({ name, source }): Member => ({ type: 'copy', path: `${LIBRARIES}/${name}`, mode: 0o644, source })),
    { type: 'copy', path: 'bin/dig', mode: 0o755, source: program },
  ];
}
