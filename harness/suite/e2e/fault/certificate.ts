import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { ClusterContext } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { replaceFile } from './file.ts';
import type { Mend } from './mend.ts';
import { nodesReady } from './node.ts';
import { restartUnit } from './unit.ts';

/** Where the kubelet's serving certificate and its key lie. */
const CERTIFICATE = '/etc/kubernetes/pki/kubelet';

/** The last node's kubelet serves with another certificate, signed by nobody. */
export async function replaceKubeletCertificate(
  context: ClusterContext,
  { days, names }: { readonly days: number; readonly names: readonly string[] },
  mend: Mend,
): Promise<void> {
  const host = last(nodes(context));
  const { certificate, key } = await selfSigned(days, names);
  mend(() => nodesReady(context));
  mend(() => restartUnit(host, 'kubelet'));
  await replaceFile(host, `${CERTIFICATE}.crt`, certificate, mend);
  await replaceFile(host, `${CERTIFICATE}.key`, key, mend);
  await restartUnit(host, 'kubelet');
}

export async function selfSigned(days: number, names: readonly string[]): Promise<{ certificate: string; key: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'proofgrid-sabotage-'));
  try {
    const [key, certificate] = [join(directory, 'key'), join(directory, 'certificate')];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=sabotage'];
    const what = ['-days', `${days}`, '-addext', `subjectAltName=${names.join(',')}`, '-keyout', key, '-out', certificate];
    await execa('openssl', ['req', ...kind, ...what]);
    return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
