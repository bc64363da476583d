import type { Check, ClusterContext } from '../../check.ts';
import { etcdMembers, last, nodes } from '../api-server.ts';
import { MINIMUM_DAYS, validityComplaint, type SeenCertificate } from '../certificate.ts';
import { replaceKubeletCertificate } from '../fault/certificate.ts';
import { faulty } from '../fault/mend.ts';
import { until } from '../wait.ts';
import { judgeComplaints } from '../judge.ts';
import { liveCertificates } from '../live-certificates.ts';
import { storedCertificates } from '../stored-certificates.ts';

/** A directory without a certificate says that we look in the wrong place, not that all is well. */
function missing(context: ClusterContext, stored: readonly SeenCertificate[]): string[] {
  const expected = [...nodes(context).map((host) => ({ host, directory: '/etc/kubernetes/' })), ...etcdMembers(context).map((host) => ({ host, directory: '/etc/etcd/' }))];
  return expected
    .map(({ host, directory }) => `${host.name}:${directory}`)
    .filter((place) => !stored.some((seen) => seen.place.startsWith(place)))
    .map((place) => `${place}: no certificate found`);
}

export const certificateValidity: Check = {
  name: 'certificate-validity',
  title: `Every certificate that is served or stored is valid for at least ${MINIMUM_DAYS} days`,
  // A handshake with each server and one command on each machine.
  limitMs: 40_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready'],
  async run(context) {
    const [live, ...stored] = await Promise.all([liveCertificates(context), ...context.hosts.map(storedCertificates)]);
    const all = [...live, ...stored.flat()];
    const now = new Date();
    return judgeComplaints(`${all.length} certificates valid for ${MINIMUM_DAYS} days`, [
      ...missing(context, stored.flat()),
      ...all.flatMap((seen) => validityComplaint(seen, now) ?? []),
    ]);
  },
  sabotages: [
    {
      name: 'kubelet-certificate-of-five-days',
      observed: /kubelet of \S+: [45] days left/,
      apply: faulty(async (context, mend) => {
        const { name, address } = last(nodes(context));
        await replaceKubeletCertificate(context, { days: 5, names: [`DNS:${name}`, `IP:${address}`] }, mend);
        await until({
          what: `the kubelet of ${name} serves again`,
          limitMs: 60_000,
          signal: context.signal,
          attempt: async () => ({ value: await liveCertificates(context) }),
        });
      }),
    },
  ],
};
