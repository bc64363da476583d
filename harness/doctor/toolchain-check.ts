import { TOOLCHAIN } from '../artifact/go-module/toolchain.ts';
import type { HostCheck } from './finding.ts';

/** A note: a cache that has every executable, or a site that takes upstream's, needs no compiler. */
export const toolchainCheck: HostCheck = {
  name: 'go-toolchain',
  async inspect({ hasToolchain }) {
    if (await hasToolchain()) return undefined;
    return {
      name: 'go-toolchain',
      severity: 'note',
      problem: `the toolchain ${TOOLCHAIN.version} is not in the artifact cache; Go modules are built with it`,
      fix: 'proofgrid doctor --fix, or the first build, downloads it',
      repair: { type: 'toolchain' },
    };
  },
};
