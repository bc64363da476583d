import { failure, type Finding, type HostCheck } from './finding.ts';

const GIB = 2 ** 30;
/** A source tree being compiled, its build cache, four machine images twice (archive and engine), and some clusters. */
const DISK_GIB = 15;
/** The smallest cell with room for a build beside it. */
const MEMORY_GIB = 4;
/** Bit numbers of linux/capability.h. */
const CAPABILITY = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_SYS_RESOURCE: 24 } as const;

const verdict = (finding: Finding | undefined): Promise<Finding | undefined> => Promise.resolve(finding);

export const rootCheck: HostCheck = {
  name: 'root',
  inspect: ({ root }) =>
    verdict(root ? undefined : failure('root', 'not running as root, which machines with systemd need', 'run the same command as root')),
};

export const architectureCheck: HostCheck = {
  name: 'architecture',
  inspect: ({ architecture }) => {
    if (architecture === 'x64') return verdict(undefined);
    return verdict(failure('architecture', `the processor is ${architecture}; artifacts exist for amd64 alone`, 'use an x86-64 machine'));
  },
};

export const systemCheck: HostCheck = {
  name: 'system',
  async inspect({ read }) {
    const release = (await read('/etc/os-release')) ?? '';
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? 'an unknown system';
    if (/^ID="?debian"?$/m.test(release) && /^VERSION_ID="?12"?$/m.test(release)) return undefined;
    return {
      name: 'system',
      severity: 'note',
      problem: `this is ${name}; Proofgrid is proved on Debian 12`,
      fix: 'use Debian 12 when something fails',
    };
  },
};

export const capabilityCheck: HostCheck = {
  name: 'capabilities',
  async inspect({ read }) {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec((await read('/proc/self/status')) ?? '')?.[1];
    if (effective === undefined) return failure('capabilities', 'cannot read the capabilities of this process', 'mount /proc');
    const has = (bit: number) => ((BigInt(`0x${effective}`) >> BigInt(bit)) & 1n) === 1n;
    const missing = (['CAP_SYS_ADMIN', 'CAP_NET_ADMIN'] as const).filter((name) => !has(CAPABILITY[name]));
    if (missing.length > 0) {
      const problem = `${missing.join(' and ')} missing, so no machine can start`;
      return failure('capabilities', problem, 'run as root outside any container, or in a privileged one');
    }
    if (has(CAPABILITY.CAP_SYS_RESOURCE)) return undefined;
    return {
      name: 'capabilities',
      severity: 'note',
      problem: 'CAP_SYS_RESOURCE is missing: limits and OOM scores are clamped on the machines',
      fix: 'nothing: this is worked around and recorded in the evidence',
    };
  },
};

export const diskCheck: HostCheck = {
  name: 'disk',
  async inspect({ freeSpace, cacheDirectory }) {
    for (const path of [cacheDirectory, '/var/lib/containers']) {
      const free = (await freeSpace(path)) / GIB;
      if (free >= DISK_GIB) continue;
      const problem = `${free.toFixed(1)} GiB are free for ${path}, ${DISK_GIB} are needed`;
      return failure('disk', problem, 'free some space, or set PROOFGRID_CACHE to a directory on a larger disk');
    }
    return undefined;
  },
};

export const memoryCheck: HostCheck = {
  name: 'memory',
  async inspect({ read }) {
    const kib = Number(/^MemTotal:\s+(\d+) kB$/m.exec((await read('/proc/meminfo')) ?? '')?.[1] ?? 0);
    if (kib * 1024 >= MEMORY_GIB * GIB) return undefined;
    return failure('memory', `${(kib / 2 ** 20).toFixed(1)} GiB of memory, ${MEMORY_GIB} are needed`, 'use a larger machine');
  },
};
