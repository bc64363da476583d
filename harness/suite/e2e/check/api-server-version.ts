import type { Check } from '../../check.ts';
import { apiServers, controlPlanes, last } from '../api-server.ts';
import type { ApiServer } from '../api-server.ts';
import { apiServersReady, controlPlaneWhole } from '../fault/api-server.ts';
import { faulty } from '../fault/mend.ts';
import { stopUnit } from '../fault/unit.ts';
import { runOtherVersion } from '../fault/version.ts';
import { judgeComplaints } from '../judge.ts';
import { ProductFault } from '../product-fault.ts';

export const apiServerVersion: Check = {
  name: 'api-server-version',
  title: 'Every API server is live and ready, and reports exactly the expected version',
  // Three requests to each server, 15 s at most for each that hangs.
  limitMs: 50_000,
  blockedBy: ['etcd-health'],
  async run(context) {
    const expected = `v${context.deployment.spec.kubernetes.version}`;
    const servers = apiServers(context);
    const complaints = await Promise.all(servers.map((server) => complain(server, expected)));
    return judgeComplaints(`${servers.length} API servers ready with version ${expected}`, complaints.flat());
  },
  sabotages: [
    {
      name: 'another-version',
      observed: /: version v\d+\.\d+\.[89]\b/,
      apply: faulty(async (context, mend) => {
        const host = last(controlPlanes(context));
        mend(() => controlPlaneWhole(context));
        await runOtherVersion(host, 'kube-apiserver', context.deployment.spec.kubernetes.version, mend);
        await apiServersReady(context);
      }),
    },
    {
      name: 'api-server-stopped',
      observed: /ECONNREFUSED/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        await stopUnit([last(controlPlanes(context))], 'kube-apiserver', mend);
      }),
    },
  ],
};

async function complain({ host, api }: ApiServer, expected: string): Promise<string[]> {
  try {
    const [live, ready, version] = await Promise.all([
      api.send({ path: '/livez' }),
      api.send({ path: '/readyz' }),
      api.get<{ gitVersion: string }>('/version'),
    ]);
    return [
      ...(live.status === 200 ? [] : [`${host.name}: /livez is HTTP ${live.status}`]),
      ...(ready.status === 200 ? [] : [`${host.name}: /readyz is HTTP ${ready.status}`]),
      ...(version.gitVersion === expected ? [] : [`${host.name}: version ${version.gitVersion}`]),
    ];
  } catch (error) {
    if (error instanceof ProductFault) return [`${host.name}: ${error.observed}`];
    throw error;
  }
}
