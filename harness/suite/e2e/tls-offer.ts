import { z } from 'zod';
import type { Host } from '../check.ts';
import { must } from './machine.ts';

/** A port of a machine, as the machine itself reaches it: some servers listen on its loopback alone. */
export interface TlsPort {
  readonly what: string;
  readonly address: string;
  readonly port: number;
}

interface Offer {
  readonly name: string;
  /** Of Python's ssl.TLSVersion. */
  readonly version: 'TLSv1_1' | 'TLSv1_2';
  /** OpenSSL's names. */
  readonly suites: string;
}

const CBC = ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA', 'AES128-SHA', 'AES256-SHA'].join(':');
/** What every server takes: whoever refuses this one too has not been asked properly. */
export const STRONG: Offer = { name: 'TLS 1.2 with AES-GCM', version: 'TLSv1_2', suites: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256' };
export const WEAK: readonly Offer[] = [
  { name: 'TLS 1.2 with CBC and SHA-1', version: 'TLSv1_2', suites: CBC },
  { name: 'TLS 1.2 with CBC and SHA-256', version: 'TLSv1_2', suites: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:AES128-SHA256' },
  { name: 'TLS 1.2 without forward secrecy', version: 'TLSv1_2', suites: 'AES128-GCM-SHA256:AES256-GCM-SHA384' },
  { name: 'TLS 1.1', version: 'TLSv1_1', suites: CBC },
];

/**
 * Sends a ClientHello and looks at the type of the record that answers it: a handshake (22) when the server has chosen from
 * the offer, an alert (21) when it has not. A whole handshake would not tell: who misses a certificate says the same.
 */
const SCRIPT = `import json, socket, ssl, sys, warnings
warnings.simplefilter('ignore')
def outcome(port, offer):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(offer['suites'] + ':@SECLEVEL=0')
    context.minimum_version = context.maximum_version = ssl.TLSVersion[offer['version']]
    outgoing = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    try:
        with socket.create_connection((port['address'], port['port']), timeout=10) as plain:
            plain.sendall(outgoing.read())
            kind = plain.recv(1)
    except OSError as error:
        return str(error)
    return {b'\\x16': 'taken', b'\\x15': 'refused'}.get(kind, 'an answer that is not TLS: %r' % kind)
asked = json.load(sys.stdin)
print(json.dumps([[outcome(port, offer) for offer in asked['offers']] for port in asked['ports']]))
`;

const answer = z.array(z.array(z.string()));

/** For each port what came of each offer: `taken`, `refused`, or why there was neither. */
export async function offerTls(host: Host, ports: readonly TlsPort[], offers: readonly Offer[]): Promise<string[][]> {
  return answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT], { input: JSON.stringify({ ports, offers }) })));
}
