import { engineCheck } from './engine-check.ts';
import { failure, type Finding, type Host, type HostCheck } from './finding.ts';
import { bridgeFilterCheck, forwardingCheck, inotifyInstancesCheck, inotifyWatchesCheck, machineNetworksCheck, networkCheck, overlayCheck } from './kernel-checks.ts';
import { packagesCheck, remotePackagesCheck } from './packages.ts';
import { architectureCheck, capabilityCheck, diskCheck, memoryCheck, rootCheck, systemCheck } from './system-checks.ts';
import { toolchainCheck } from './toolchain-check.ts';

export const HOST_CHECKS: readonly HostCheck[] = [
  rootCheck, architectureCheck, systemCheck, capabilityCheck, packagesCheck, diskCheck, memoryCheck,
  overlayCheck, bridgeFilterCheck, networkCheck, inotifyInstancesCheck, inotifyWatchesCheck, forwardingCheck, machineNetworksCheck, engineCheck,
  toolchainCheck,
];

/** For commands that start no machine: lint and plan. */
export const NO_MACHINE_CHECKS: readonly HostCheck[] = [architectureCheck, systemCheck, remotePackagesCheck, diskCheck];
/** For providers whose machines run elsewhere: what artifacts and playbooks need, and no more. */
export const REMOTE_CHECKS: readonly HostCheck[] = [...NO_MACHINE_CHECKS, toolchainCheck];

/** What is wrong with the host, in the order of the checks; nothing is changed. Under a second on a host that is ready. */
export async function inspectHost(host: Host, checks = HOST_CHECKS): Promise<Finding[]> {
  const findings = await Promise.all(checks.map((check) => guarded(check, host)));
  return findings.filter((finding) => finding !== undefined);
}

async function guarded({ name, inspect }: HostCheck, host: Host): Promise<Finding | undefined> {
  try {
    return await inspect(host);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failure(name, `this check could not run: ${reason}`, 'mend what the message names and run doctor again');
  }
}
