import { z } from 'zod';
import type { Host } from '../check.ts';
import { certificatesOf } from './certificate.ts';
import type { SeenCertificate } from './certificate.ts';
import { must } from './machine.ts';

/**
 * Reads certificates out of files and kubeconfigs where they lie: keys never leave the machine. Of the kubelet's own
 * directory only what it uses now counts; it leaves its old certificates there.
 */
const SCRIPT = `import base64, glob, json, os, re
paths = [os.path.join(top, name) for root in ('/etc/kubernetes', '/etc/etcd') for top, _, names in os.walk(root)
         for name in names if name.endswith(('.crt', '.pem', '.conf'))]
found = {}
for path in paths + glob.glob('/var/lib/kubelet/pki/kubelet-client-current.pem'):
    if os.path.getsize(path) > 1 << 20:
        continue
    with open(path, errors='replace') as file:
        text = file.read()
    for data in re.findall(r'(?:client-certificate|certificate-authority)-data["\\']?\\s*:\\s*["\\']?([A-Za-z0-9+/=]+)', text):
        text += base64.b64decode(data).decode(errors='replace')
    blocks = re.findall('-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----', text, re.S)
    if blocks:
        found[path] = blocks
print(json.dumps(found))
`;

const answer = z.record(z.string(), z.array(z.string()));

/** Every certificate that a machine keeps for Kubernetes and etcd. */
export async function storedCertificates(host: Host): Promise<SeenCertificate[]> {
  const found = answer.parse(JSON.parse(await must(host, ['python3', '-I', '-c', SCRIPT])));
  return Object.entries(found).flatMap(([path, blocks]) =>
    certificatesOf(blocks.join('\n')).map((certificate) => ({ place: `${host.name}:${path}`, certificate })),
  );
}
