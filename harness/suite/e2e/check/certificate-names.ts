import type { Check } from '../../check.ts';
import { missingNames, signedBy } from '../certificate.ts';
import { replaceKubeletCertificate } from '../fault/certificate.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { liveCertificates } from '../live-certificates.ts';
import { until } from '../wait.ts';

export const certificateNames: Check = {
  name: 'certificate-names',
  title: 'Every server presents a certificate for all its names and addresses, signed by the authority that its clients trust',
  // A handshake with each server.
  limitMs: 40_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready'],
  async run(context) {
    const live = await liveCertificates(context);
    const complaints = live.flatMap(({ place, certificate, names, authorities }) => {
      const missing = missingNames(certificate, names);
      return [
        ...(missing.length === 0 ? [] : [`${place}: no SAN for ${missing.join(', ')}`]),
        ...(signedBy(certificate, authorities) ? [] : [`${place}: signed by ${certificate.issuer.replaceAll('\n', ', ')}`]),
      ];
    });
    return judgeComplaints(`${live.length} servers with the right names and signatures`, complaints);
  },
  sabotages: [
    {
      name: 'kubelet-certificate-of-another-name',
      observed: /kubelet of \S+: no SAN for \S+, \d+\.\d+\.\d+\.\d+/,
      apply: faulty(async (context, mend) => {
        await replaceKubeletCertificate(context, { days: 365, names: ['DNS:somebody-else'] }, mend);
        await until({
          what: 'every server serves again',
          limitMs: 60_000,
          signal: context.signal,
          attempt: async () => ({ value: await liveCertificates(context) }),
        });
      }),
    },
  ],
};
