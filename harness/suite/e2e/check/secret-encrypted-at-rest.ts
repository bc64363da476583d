import { randomBytes } from 'node:crypto';
import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, controlPlanes, etcdMembers, kube, last, type ApiServer } from '../api-server.ts';
import { readValue } from '../etcd.ts';
import { controlPlaneWhole, restartApiServers } from '../fault/api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { uniqueName } from '../unique.ts';

const FLAG = '--encryption-provider-config=';
/** The first provider writes; the others go on reading what they wrote. */
const IDENTITY_FIRST = String.raw`s/^\( *\)- \(secretbox\|aescbc\|aesgcm\|kms\):/\1- identity: {}\n&/`;

const KINDS = [
  { kind: 'Secret', resource: 'secrets', data: 'stringData' },
  { kind: 'ConfigMap', resource: 'configmaps', data: 'data' },
] as const;

export const secretEncryptedAtRest: Check = {
  name: 'secret-encrypted-at-rest',
  title: 'Neither a Secret nor a ConfigMap can be read in etcd itself',
  // Four requests to each API server, and two commands on an etcd member for each.
  limitMs: 90_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'api-groups-answer'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    // Each API server encrypts what it writes itself: through the endpoint one of them would answer for all.
    const complaints = await Promise.all(apiServers(context).flatMap((server) => KINDS.map((kind) => complain(context, server, kind))));
    return judgeComplaints('Secrets and ConfigMaps written by every API server encrypted in etcd', complaints.flat());
  },
  sabotages: [
    {
      name: 'encryption-switched-off',
      observed: /^the Secret written by \S+ lies in etcd in clear text; the ConfigMap written by \S+ lies in etcd in clear text$/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        mend(() => restartApiServers(context));
        // One is enough: the check must not be content with the others.
        for (const host of [last(controlPlanes(context))]) {
          const pid = (await must(host, ['systemctl', 'show', '--property=MainPID', '--value', 'kube-apiserver'])).trim();
          const words = (await must(host, ['cat', `/proc/${pid}/cmdline`])).split('\0');
          const path = words.find((word) => word.startsWith(FLAG))?.slice(FLAG.length);
          if (path === undefined) throw new Error(`the API server of ${host.name} has no flag ${FLAG}`);
          // systemd copies what it gives the unit from here, anew at each start
          await editFile(host, path.replace(/^\/run\/credentials\/[^/]+/, '/etc/kubernetes'), IDENTITY_FIRST, mend);
        }
        await restartApiServers(context);
      }),
    },
  ],
};

async function complain(context: ClusterContext, { host, api }: ApiServer, { kind, resource, data }: (typeof KINDS)[number]): Promise<string[]> {
  const name = uniqueName('at-rest');
  const canary = randomBytes(24).toString('hex');
  await api.post(`${NAMESPACE_PATH}/${resource}`, { apiVersion: 'v1', kind, metadata: { name, namespace: NAMESPACE }, [data]: { canary } });
  try {
    const raw = await readValue(last(etcdMembers(context)), `/registry/${resource}/${NAMESPACE}/${name}`);
    return judgeStored(raw, canary).map((complaint) => `the ${kind} written by ${host.name} ${complaint}`);
  } finally {
    await api.remove(`${NAMESPACE_PATH}/${resource}/${name}`);
  }
}

/** Every encrypting provider marks what it wrote with `k8s:enc:`: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ */
function judgeStored(raw: Buffer | undefined, canary: string): string[] {
  if (raw === undefined) return ['is not where etcd must have it'];
  if (raw.includes(canary)) return ['lies in etcd in clear text'];
  return raw.subarray(0, 8).toString() === 'k8s:enc:' ? [] : [`starts in etcd with ${JSON.stringify(raw.subarray(0, 8).toString('latin1'))}`];
}
