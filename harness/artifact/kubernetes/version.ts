import { ProofgridError } from '../../../lifecycle/error.ts';
import { releaseNumber, type Suite } from '../debian/suite.ts';

/** The binaries that a cluster needs, in the names they have upstream. */
export const KUBERNETES_BINARIES = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl'] as const;

/**
 * What a build of Debian's source package calls itself: the upstream release it really holds, with Debian's revision as
 * build metadata. `1.20.5+really1.20.2-1.1+deb12u1` → `1.20.2+deb12u1`; without an update suffix the suite's number
 * stands for it: `1.20.5+really1.20.2-1` in bullseye → `1.20.2+deb11`.
 * The form of Debian's versions: https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
 */
export function versionOfDebianSource(debianVersion: string, suite: Suite): string {
  const upstream = /^(?:\d+:)?(?:\d+\.\d+\.\d+\+really)?(\d+\.\d+\.\d+)(?:[+~-].*)?$/.exec(debianVersion)?.[1];
  if (upstream === undefined) {
    throw new ProofgridError({
      code: 'ARTIFACT_BAD_VERSION',
      fault: 'usage',
      what: `${debianVersion} is not a version of Debian's source package kubernetes`,
      remedy: 'write the version as the package has it, such as 1.20.5+really1.20.2-1.1+deb12u1',
    });
  }
  const update = /\+(deb\d+u\d+)$/.exec(debianVersion)?.[1];
  return `${upstream}+${update ?? `deb${releaseNumber(suite)}`}`;
}
