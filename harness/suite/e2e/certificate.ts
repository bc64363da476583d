import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const DAY = 86_400_000;
/** Days: every certificate must outlast a month without anyone's doing. */
export const MINIMUM_DAYS = 30;

/** A certificate, and where it was seen: `w1:/etc/kubernetes/pki/kubelet.crt`, `kubelet of w1`. */
export interface SeenCertificate {
  readonly place: string;
  readonly certificate: X509Certificate;
}

/** All certificates of a PEM text; keys and anything else beside them are passed over. */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Why a certificate may not be used for the days asked, or undefined. */
export function validityComplaint({ place, certificate }: SeenCertificate, now: Date, days = MINIMUM_DAYS): string | undefined {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (from > now) return `${place}: not valid before ${from.toISOString()}`;
  const left = Math.floor((to.getTime() - now.getTime()) / DAY);
  return left >= days ? undefined : `${place}: ${left} days left, until ${to.toISOString()}`;
}

/** Names and addresses that the certificate does not answer to, as TLS clients match them. */
export function missingNames(certificate: X509Certificate, required: readonly string[]): string[] {
  return required.filter((name) =>
    isIP(name) === 0 ? certificate.checkHost(name, { subject: 'never' }) === undefined : certificate.checkIP(name) === undefined,
  );
}

/** Whether one of the authorities signed the certificate with its own key. */
export function signedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
}
