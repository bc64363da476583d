import type { Machine } from '../provider/contract.ts';

/**
 * A path as a value of ssh_config(5): blanks need double quotes, and `%` starts a token.
 * Both hold on the command line (`-o`) too.
 */
function configPath(path: string): string {
  return `"${path.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('%', '%%')}"`;
}

/**
 * What every connection to a machine needs beside its address, port, user and key, as words: nothing of the user's own
 * configuration, no agent, no password, and no host key but the one that the provider made itself.
 */
export function sshOptions(machine: Machine): string[] {
  if (machine.options !== undefined) return [...machine.options];
  const options = [
    `UserKnownHostsFile=${configPath(machine.knownHostsFile)}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'LogLevel=ERROR',
    // A machine whose power was cut sends no reset: three unanswered probes end the connection after 15 s.
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
  ];
  // The guest's own address stays the destination, as Ansible and known_hosts know it.
  const detour = machine.via === undefined ? [] : [`HostName=${machine.via.address}`, `HostKeyAlias=${machine.address}`];
  return ['-F', 'none', ...[...options, ...detour].flatMap((option) => ['-o', option])];
}

/** Everything up to and including the destination: append a command (already quoted for a shell), or nothing for a login. */
export function sshArguments(machine: Machine): string[] {
  return [
    ...sshOptions(machine),
    ...(machine.identityFile === '' ? [] : ['-o', `IdentityFile=${configPath(machine.identityFile)}`]),
    '-p',
    String(machine.via?.port ?? machine.port),
    '-l',
    machine.user,
    machine.address,
  ];
}
