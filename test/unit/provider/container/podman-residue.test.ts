import { expect, test, vi } from 'vitest';
import { removeResidue, residualRules } from '../../../../harness/provider/container/podman-residue.ts';

const SAVED = `*nat
:NETAVARK-1265BD62F59DC - [0:0]
-A POSTROUTING -s 10.89.3.0/24 -j NETAVARK-1265BD62F59DC
-A POSTROUTING -s 10.213.81.0/24 -j NETAVARK-205F14EB36044
-A POSTROUTING -s 10.213.81.0/24 -j MASQUERADE
-A NETAVARK-1265BD62F59DC -d 10.89.3.0/24 -j ACCEPT
-A NETAVARK-205F14EB36044 -d 10.213.81.0/24 -j ACCEPT
-A NETAVARK-205F14EB36044 ! -d 224.0.0.0/4 -j MASQUERADE
-A NETAVARK_FORWARD -s 10.213.8.0/24 -j ACCEPT
-A NETAVARK_ISOLATION_1 -i podman5 ! -o podman5 -j NETAVARK_ISOLATION_2
-A NETAVARK_ISOLATION_2 -o podman50 -j DROP
COMMIT`;

test('only rules of this subnet and this bridge go, and only those that netavark made', () => {
  expect(residualRules(SAVED, { name: 'proofgrid-abc', subnet: '10.213.81.0/24', bridge: 'podman5' }).map((words) => words.join(' '))).toEqual([
    '-D POSTROUTING -s 10.213.81.0/24 -j NETAVARK-205F14EB36044',
    '-D NETAVARK-205F14EB36044 -d 10.213.81.0/24 -j ACCEPT',
    '-D NETAVARK_ISOLATION_1 -i podman5 ! -o podman5 -j NETAVARK_ISOLATION_2',
    '-F NETAVARK-205F14EB36044',
    '-X NETAVARK-205F14EB36044',
  ]);
});

test('nothing to find, nothing to do', () => {
  expect(residualRules('', { name: 'proofgrid-abc', subnet: '10.213.81.0/24', bridge: 'podman5' })).toEqual([]);
});

test('the rule that isolates a network goes with it, and no other network’s', () => {
  const saved = [
    '-A FORWARD -d 10.213.0.0/16 -i podman5 ! -o podman5 -m comment --comment proofgrid-abc -j DROP',
    '-A FORWARD -d 10.213.0.0/16 -i podman6 ! -o podman6 -m comment --comment proofgrid-def -j DROP',
  ].join('\n');
  const words = residualRules(saved, { name: 'proofgrid-abc', subnet: '10.213.81.0/24', bridge: 'podman5' });
  expect(words.map((rule) => rule.join(' '))).toEqual([
    '-D FORWARD -d 10.213.0.0/16 -i podman5 ! -o podman5 -m comment --comment proofgrid-abc -j DROP',
  ]);
});

test('without the programs for it, nothing is taken for removed', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  await expect(removeResidue({ name: 'proofgrid-abc', subnet: '10.213.81.0/24', bridge: 'proofgrid-none' })).rejects.toMatchObject({
    code: 'PROGRAM_MISSING',
    message: expect.stringContaining('iptables-save is nowhere on the PATH') as string,
  });
  vi.unstubAllEnvs();
});
