import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../lifecycle/root.ts';
import type { ApiClient } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';

/** Where the repository is inside. */
export const POD_ROOT = '/run/proofgrid';
export const POD_SITE = '/run/site.yaml';

export interface PodSpec {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Also the host's name inside. */
  readonly name: string;
  /** Text of a site's file, as from a ConfigMap. */
  readonly site?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly ended: Promise<{ readonly exitCode?: number | undefined; readonly all: string }>;
  /** SIGKILL, for everything in it. */
  kill(): void;
}

/** $1 service account's files · $2 repository · $3 pod's name · $4 site · then the environment and the command */
const ENTER = `set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/secrets/kubernetes.io ${POD_ROOT}
cp -r "$1" /run/secrets/kubernetes.io/serviceaccount
chmod -R a+rX /run/secrets
install -m 0644 "$4" ${POD_SITE}
mount --rbind "$2" ${POD_ROOT}
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -o remount,bind,ro /
hostname "$3"
cd ${POD_ROOT}
shift 4
exec setpriv --pdeathsig KILL --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all -- env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/nonexistent "$@"`;

/**
 * Runs a command as a pod of the cluster would: namespaces for mounts, processes and the host's name, a read-only root, no
 * root user, no capability, and of the cluster only what the kubelet gives: a token of the real API server, its certificate,
 * its address.
 */
export async function inPod(plane: ControlPlane, admin: ApiClient, { namespace, serviceAccount, name, site = '', env = {} }: PodSpec, command: readonly string[]): Promise<Pod> {
  const directory = join(plane.directory, `pod-${name}`);
  await mkdir(directory, { mode: 0o700 });
  const account = join(directory, 'account');
  await mkdir(account);
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { status } = await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`, request);
  await writeFile(join(account, 'token'), status.token as string);
  await writeFile(join(account, 'ca.crt'), await readFile(plane.certificateAuthority));
  await writeFile(join(account, 'namespace'), namespace);
  const siteFile = join(directory, 'site.yaml');
  await writeFile(siteFile, site);
  const { hostname, port } = new URL(plane.server);
  const variables = Object.entries({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, ...env }).map(([key, value]) => `${key}=${value}`);
  const words = ['--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child', '--propagation', 'private', 'sh', '-c', ENTER, 'pod', account, packageRoot, name, siteFile];
  const process = execa('unshare', [...words, ...variables, ...command], { stdin: 'ignore', reject: false, all: true });
  return { ended: process.then(({ exitCode, all }) => ({ exitCode, all })), kill: () => void process.kill('SIGKILL') };
}
