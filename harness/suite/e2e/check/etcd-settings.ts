import type { Check, ClusterContext, Host } from '../../check.ts';
import { bracket, controlPlanes, etcdMembers, last } from '../api-server.ts';
import { etcdctl, readMembers, readStatus } from '../etcd.ts';
import { clusterComplaints, etcdComplaints, ETCD_FILE, expectedEtcd, peerComplaints, seeEtcd } from '../etcd-settings.ts';
import { addApiServerFlags, controlPlaneWhole } from '../fault/api-server.ts';
import { memoryUnder } from '../fault/memory.ts';
import { editFile } from '../fault/file.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { restartUnit, stopUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { playbookVariables } from '../playbook-data.ts';
import { processStates } from '../process-state.ts';

const SERVERS = '--etcd-servers';

export const etcdSettings: Check = {
  name: 'etcd-settings',
  title: "etcd runs with the playbooks' settings, keeps its data on a disk, in one cluster of the document's machines, and API servers store there",
  // Three commands on each member and one on each control plane.
  limitMs: 40_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health'],
  async run(context) {
    const members = await Promise.all(etcdMembers(context).map(async (host) => {
      const [seen, { cluster }] = await Promise.all([seeEtcd(host), readStatus(host)]);
      const complaints = etcdComplaints(expectedEtcd(context, host), seen).map((complaint) => `${host.name}: ${complaint}`);
      return { host, cluster, record: seen.record, complaints };
    }));
    const peers = peerComplaints(context, await readMembers(last(etcdMembers(context))));
    const stored = await Promise.all(controlPlanes(context).map((host) => storeComplaints(context, host)));
    const complaints = [...members.flatMap((member) => member.complaints), ...clusterComplaints(members), ...peers, ...stored.flat()];
    return judgeComplaints(`${members.length} etcd members with the playbooks' settings in one cluster`, complaints);
  },
  sabotages: [
    {
      name: 'quota-lowered',
      observed: /^\S+: the quota is 4294967296 bytes, expected \d+;/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        mend(() => controlPlaneWhole(context));
        mend(() => restartUnit(host, 'etcd'));
        await editFile(host, ETCD_FILE, String.raw`s/\("quota-backend-bytes": *\)[0-9]*/\14294967296/`, mend);
        await restartUnit(host, 'etcd');
        await controlPlaneWhole(context);
      }),
    },
    {
      name: 'data-in-memory',
      observed: /^\S+: the data lies in tmpfs, and is gone after a reboot$/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        mend(() => controlPlaneWhole(context));
        await stopUnit([host], 'etcd', mend);
        await memoryUnder(host, '/var/lib/etcd', mend);
        await must(host, ['systemctl', 'start', 'etcd'], { limitMs: 90_000 });
        await controlPlaneWhole(context);
        mend(() => must(host, ['systemctl', 'stop', 'etcd'], { limitMs: 90_000 }));
      }),
    },
    {
      name: 'edited-and-not-restarted',
      observed: /^\S+: \/etc\/etcd\/etcd\.yaml has heartbeat-interval 250, and etcd runs with 100$/,
      apply: faulty((context, mend) => editFile(last(etcdMembers(context)), ETCD_FILE, String.raw`s/\("heartbeat-interval": *\)[0-9]*/\1250/`, mend)),
    },
    {
      name: 'peers-told-another-address',
      observed: /^peers reach \S+ at https:\/\/192\.0\.2\.1:2380, expected https:/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        const member = (await readMembers(host)).find(({ name }) => name === host.name);
        if (member === undefined) throw new Error(`${host.name} is no member`);
        const id = BigInt(member.id).toString(16);
        const update = (urls: readonly string[]) => must(host, etcdctl(host, 'member', 'update', id, `--peer-urls=${urls.join(',')}`));
        mend(() => update(member.peerURLs));
        // RFC 5737: nobody has this address
        await update(['https://192.0.2.1:2380']);
      }),
    },
    {
      name: 'stored-by-another-name',
      observed: /^\S+: kube-apiserver stores at https:\/\/localhost:2379, which the document does not have$/,
      apply: faulty((context: ClusterContext, mend: Mend) => addApiServerFlags(context, [`${SERVERS}=https://localhost:2379`], mend, [SERVERS])),
    },
  ],
};

async function storeComplaints(context: ClusterContext, host: Host): Promise<string[]> {
  const { etcd_client_port: port } = playbookVariables('group_vars/all/etcd.yml');
  const known = etcdMembers(context).map(({ address }) => `https://${bracket(address)}:${String(port)}`);
  const [state] = await processStates(host, ['kube-apiserver']);
  const servers = state?.words.flatMap((word) => (word.startsWith(`${SERVERS}=`) ? word.slice(SERVERS.length + 1).split(',') : [])) ?? [];
  if (servers.length === 0) return [`${host.name}: kube-apiserver does not say where it stores`];
  return servers.filter((server) => !known.includes(server)).map((server) => `${host.name}: kube-apiserver stores at ${server}, which the document does not have`);
}
