import { failure, type Finding, type Host, type HostCheck } from './finding.ts';

/** Debian packages that a host needs on which machines run, with what needs them; those below are needed everywhere. */
const MACHINE_PACKAGES: Readonly<Record<string, string>> = {
  podman: 'runs the machines',
  runc: 'the OCI runtime that also works on hybrid cgroups',
  netavark: "the machines' networks",
  'aardvark-dns': "names on the machines' networks",
  iptables: "the machines' networks",
  iproute2: 'checks of the kernel',
  mmdebstrap: 'builds machine images',
};

const PACKAGES: Readonly<Record<string, string>> = {
  procps: 'sets kernel parameters',
  'openssh-client': 'reaches the machines',
  // Artifacts
  'debian-archive-keyring': 'verifies what comes from Debian',
  gpgv: 'verifies what comes from Debian',
  'dpkg-dev': "unpacks Kubernetes' source package",
  gcc: 'builds the pause image',
  'libc6-dev': 'builds the pause image',
  make: "builds Debian's source of Kubernetes",
  python3: 'unpacks the Go toolchain, runs the playbooks',
  'libseccomp-dev': 'builds runc',
  'pkg-config': 'builds runc',
  rsync: 'builds Kubernetes, runs pipelines locally',
  'ca-certificates': 'downloads from upstream mirrors',
  // Lifecycle
  ansible: 'runs the playbooks',
  'ansible-mitogen': 'runs the playbooks fast',
  'python3-cryptography': 'issues certificates',
  // Lint
  'ansible-lint': 'suite lint',
  yamllint: 'suite lint',
  shellcheck: 'suite lint',
  git: 'tells what has changed',
};

export const packagesCheck = packagesCheckOf({ ...MACHINE_PACKAGES, ...PACKAGES });
/** For hosts whose machines run elsewhere. */
export const remotePackagesCheck = packagesCheckOf(PACKAGES);

/** Only where releases, and with them images, come from upstream. */
export const imagePackagesCheck = packagesCheckOf({ skopeo: "pulls upstream's images" }, 'image-packages');

function packagesCheckOf(packages: Readonly<Record<string, string>>, name = 'packages'): HostCheck {
  return { name, inspect: (host) => inspectPackages(host, packages, name) };
}

async function inspectPackages(
  { run }: Host,
  packages: Readonly<Record<string, string>>,
  name: string,
): Promise<Finding | undefined> {
  const names = Object.keys(packages);
  const { exitCode, stdout } = await run(['dpkg-query', '--show', '--showformat', '${Package} ${db:Status-Status}\n', ...names]);
  if (exitCode === 127) return failure(name, 'this is not a Debian system: there is no dpkg', 'use Debian 12');
  const installed = new Set(stdout.split('\n').filter((line) => line.endsWith(' installed')).map((line) => line.split(' ', 1)[0]));
  const missing = names.filter((name) => !installed.has(name));
  if (missing.length === 0) return undefined;
  const reasons = missing.map((name) => `${name} (${packages[name]})`).join(', ');
  return failure(
    name,
    `${missing.length} Debian package${missing.length === 1 ? '' : 's'} missing: ${reasons}`,
    `apt-get update && apt-get install --yes --no-install-recommends ${missing.join(' ')}`,
    { type: 'packages', packages: missing },
  );
}
