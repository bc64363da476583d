import type { Check } from '../../check.ts';
import { apiServers, kube } from '../api-server.ts';
import type { ApiServer } from '../api-server.ts';
import { ADMITTED_LIMIT, admissionComplaints, prepareAdmission, SAMPLES, samplesOf } from '../admission.ts';
import { addApiServerFlags } from '../fault/api-server.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { uniqueName } from '../unique.ts';

/** Known to every version that this project deploys, and on in every cluster. */
const OLD = SAMPLES.filter(({ sinceMinor, applies }) => sinceMinor === undefined && applies === undefined).map(({ plugin }) => plugin);

export const admissionRefuses: Check = {
  name: 'admission-refuses',
  title: 'Each admission plugin of every API server refuses or completes its sample',
  // All samples side by side; before them a namespace.
  limitMs: ADMITTED_LIMIT + 90_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'controllers-work'],
  async run(context) {
    const api = kube(context);
    const namespace = uniqueName('proofgrid-e2e-admission');
    await ensureNamespace(context, api, namespace, { 'pod-security.kubernetes.io/enforce': 'baseline' });
    try {
      await prepareAdmission(context, namespace);
      const complaints = await Promise.all(apiServers(context).map(async (server: ApiServer) => admissionComplaints(context, server, namespace)));
      const found = complaints.flat();
      // In one piece: the name of every plugin that is off has to be there.
      return judgeComplaints(`every API server heeds ${samplesOf(context).length} admission plugins`, found.length === 0 ? [] : [found.join('; ')]);
    } finally {
      await api.remove(`/api/v1/namespaces/${namespace}`);
    }
  },
  sabotages: [
    {
      name: 'plugins-off',
      observed: new RegExp(OLD.map((plugin) => `(?=.*\\b${plugin}: )`).join('')),
      apply: faulty((context, mend) => addApiServerFlags(context, [`--disable-admission-plugins=${OLD.join(',')}`], mend)),
    },
    {
      name: 'external-addresses-let-in',
      observed: /(^|; )\S+: DenyServiceExternalIPs: /,
      apply: faulty((context, mend) => addApiServerFlags(context, ['--disable-admission-plugins=DenyServiceExternalIPs'], mend, ['--enable-admission-plugins=DenyServiceExternalIPs'])),
    },
    {
      name: 'claims-without-class',
      // an API server that has just started may not know of the quota yet
      observed: /(^|; )\S+: DefaultStorageClass: [^;]*HTTP 201(;|$)/,
      apply: faulty((context, mend) => addApiServerFlags(context, ['--disable-admission-plugins=DefaultStorageClass'], mend)),
    },
    {
      name: 'quota-off',
      observed: /^\S+: ResourceQuota: [^;]*HTTP 201$/,
      apply: faulty((context, mend) => addApiServerFlags(context, ['--disable-admission-plugins=ResourceQuota'], mend)),
    },
  ],
};
