import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, controlPlanes } from '../api-server.ts';
import type { ApiServer } from '../api-server.ts';
import { addApiServerFlags, controlPlaneWhole, restartApiServers } from '../fault/api-server.ts';
import { replaceFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

const LOG = '/var/log/kubernetes/audit/audit.log';
const POLICY = '/etc/kubernetes/audit-policy.yaml';
/** Milliseconds. An entry is written before its request is answered; a log that is just being rotated lacks it for a moment. */
const WRITTEN_LIMIT = 10_000;

export const auditRecorded: Check = {
  name: 'audit-recorded',
  title: 'Each API server records a request that it served in its audit log',
  // A request and a search of a file of 100 MB at most, for each API server.
  limitMs: WRITTEN_LIMIT + 35_000,
  needs: ['machines'],
  blockedBy: ['etcd-health', 'api-server-version'],
  async run(context) {
    const complaints = await Promise.all(apiServers(context).map((server) => complain(context, server)));
    return judgeComplaints('an entry in the log of every API server', complaints.flat());
  },
  sabotages: [
    {
      name: 'written-nowhere',
      observed: /audit log has no entry/,
      apply: faulty((context, mend) => addApiServerFlags(context, ['--audit-log-path=/dev/null'], mend)),
    },
    {
      name: 'policy-of-nothing',
      observed: /audit log has no entry/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        mend(() => restartApiServers(context));
        for (const host of controlPlanes(context)) {
          const version = (await must(host, ['sed', '-n', 's/^apiVersion: //p', POLICY])).trim();
          await replaceFile(host, POLICY, `apiVersion: ${version}\nkind: Policy\nrules: [{level: None}]\n`, mend);
        }
        await restartApiServers(context);
      }),
    },
  ],
};

/** What is asked for need not exist: that somebody asked is recorded all the same. */
async function complain(context: ClusterContext, { host, api }: ApiServer): Promise<string[]> {
  const name = uniqueName('audited');
  await api.send({ path: `${NAMESPACE_PATH}/configmaps/${name}` });
  try {
    await until({
      what: `the audit log of ${host.name} has an entry`,
      limitMs: patiently(context, WRITTEN_LIMIT),
      signal: context.signal,
      attempt: async () => ((await host.exec(['grep', '-q', '-F', name, LOG])).exitCode === 0 ? { value: undefined } : { observed: 'audit log has no entry' }),
    });
    return [];
  } catch (error) {
    if (error instanceof ProductFault) return [`${host.name}: ${error.observed}`];
    throw error;
  }
}
