import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { MINIMUM_DAYS, validityComplaint } from '../certificate.ts';
import { replaceKubeletCertificate } from '../fault/certificate.ts';
import { faulty } from '../fault/mend.ts';
import { until } from '../wait.ts';
import { judgeComplaints } from '../judge.ts';
import { liveCertificates } from '../live-certificates.ts';
import { storedCertificates } from '../stored-certificates.ts';

export const certificateValidity: Check = {
  name: 'certificate-validity',
  title: `Every certificate that is served or stored is valid for at least ${MINIMUM_DAYS} days`,
  // A handshake with each server and one command on each machine.
  limitMs: 40_000,
  async run(context) {
    const [live, ...stored] = await Promise.all([liveCertificates(context), ...context.hosts.map(storedCertificates)]);
    const all = [...live, ...stored.flat()];
    const now = new Date();
    return judgeComplaints(
      `${all.length} certificates valid for ${MINIMUM_DAYS} days`,
      all.flatMap((seen) => validityComplaint(seen, now) ?? []),
    );
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
