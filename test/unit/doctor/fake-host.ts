import type { Host } from '../../../harness/doctor/finding.ts';

export interface FakeHost {
  readonly files?: Readonly<Record<string, string>>;
  /** First word → what the program does. */
  readonly programs?: Readonly<Record<string, (command: readonly string[]) => { exitCode?: number; stdout?: string; stderr?: string }>>;
  readonly root?: boolean;
  readonly architecture?: string;
  readonly free?: number;
  readonly toolchain?: boolean;
}

/** A host where everything is as it should be, except for what a test says. */
export function fakeHost({ files = {}, programs = {}, root = true, architecture = 'x64', free = 2 ** 40, toolchain = true }: FakeHost = {}): Host {
  const all: Record<string, string> = {
    '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
    '/proc/self/status': 'Name:\tnode\nCapEff:\t000001ffffffffff\n',
    '/proc/meminfo': 'MemTotal:       24675784 kB\nMemFree: 1 kB\n',
    '/proc/filesystems': 'nodev\tproc\n\text4\nnodev\toverlay\n',
    '/proc/sys/net/bridge/bridge-nf-call-iptables': '1\n',
    '/proc/sys/fs/inotify/max_user_instances': '8192\n',
    '/proc/sys/fs/inotify/max_user_watches': '524288\n',
    '/proc/sys/net/ipv4/ip_forward': '1\n',
    ...files,
  };
  const every: NonNullable<FakeHost['programs']> = {
    'dpkg-query': (command) => ({ stdout: command.slice(4).map((name) => `${name} installed`).join('\n') }),
    unshare: () => ({}),
    podman: () => ({}),
    ...programs,
  };
  return {
    root,
    architecture,
    cacheDirectory: '/root/.cache/proofgrid',
    read: (path) => Promise.resolve(all[path]),
    run: (command) => Promise.resolve({ exitCode: every[command[0]] ? 0 : 127, stdout: '', stderr: '', ...every[command[0]]?.(command) }),
    freeSpace: () => Promise.resolve(free),
    hasToolchain: () => Promise.resolve(toolchain),
  };
}
