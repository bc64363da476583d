import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { sshArguments } from '../../../harness/machine/ssh-options.ts';

const machine = {
  name: 'm1',
  address: '10.213.4.10',
  port: 2222,
  user: 'root',
  identityFile: '/tmp/a b/50%/id "x"',
  knownHostsFile: '/tmp/a b/50%/known_hosts',
};

/** What ssh itself makes of the words, without connecting: `ssh -G`. */
function effective(): Record<string, string> {
  const output = execFileSync('ssh', ['-G', ...sshArguments(machine)], { encoding: 'utf8' });
  return Object.fromEntries(output.trim().split('\n').map((line) => line.split(/ (.*)/s).slice(0, 2) as [string, string]));
}

test('ssh understands the destination, and takes nothing on trust', () => {
  expect(effective()).toMatchObject({
    hostname: '10.213.4.10',
    port: '2222',
    user: 'root',
    stricthostkeychecking: 'true',
    passwordauthentication: 'no',
    identitiesonly: 'yes',
    globalknownhostsfile: '/dev/null',
  });
});

test('paths with blanks, quotes and percent signs stay one path', () => {
  const { identityfile, userknownhostsfile } = effective();
  // -G prints the identity's tokens unexpanded (%% is one percent sign), and the known hosts' expanded.
  expect(identityfile).toBe('/tmp/a b/50%%/id "x"');
  expect(userknownhostsfile).toBe('/tmp/a b/50%/known_hosts');
});
