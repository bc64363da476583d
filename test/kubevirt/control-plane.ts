import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { waitFor } from '../../harness/provider/wait.ts';
import { defaultCell } from '../default-cell.ts';
import { ApiClient } from './api-client.ts';
import { Authority, writeKubeconfig, type KeyPair } from './certificates.ts';
import { ownedDirectory } from './owned-directory.ts';
import { endWithRunner, freePorts, ServerProcess } from './server-process.ts';
import { compact } from './etcd-history.ts';

/** A management cluster's control plane: real etcd, kube-apiserver and kube-controller-manager on loopback, no node. */
export interface ControlPlane {
  readonly server: string;
  /** Everything of it; removed by `stop`. */
  readonly directory: string;
  /** Path, for a cluster administrator. */
  readonly kubeconfig: string;
  /** JSON lines at level Metadata: who asked for what. */
  readonly auditLog: string;
  /** What a kubelet and extensions of this cluster serve with. */
  readonly kubelet: KeyPair;
  /** Path. */
  readonly certificateAuthority: string;
  /** Path of a kubeconfig of another user, who may do what RBAC says. */
  kubeconfigOf(user: string, groups?: readonly string[]): Promise<string>;
  /** Ends the controller manager and starts it again, without those of its controllers. Resolves when it has begun. */
  restartManager(without?: readonly string[]): Promise<void>;
  stopApiServer(): Promise<void>;
  /** Resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** Removes the history from etcd: whoever goes on from an older version is refused with 410. A restart empties the API server's own copy. */
  compact(): Promise<void>;
  /** Last lines of every server's log. */
  logs(): string;
  stop(): Promise<void>;
}

/** Controllers that matter to namespaces, quotas, owners and claims; without nodes the others have nothing to do. */
const CONTROLLERS = [
  ...['namespace-controller', 'garbage-collector-controller', 'resourcequota-controller', 'serviceaccount-controller', 'serviceaccount-token-controller'],
  ...['persistentvolume-binder-controller', 'persistentvolumeclaim-protection-controller', 'persistentvolume-protection-controller'],
  ...['certificatesigningrequest-signing-controller', 'job-controller', 'cronjob-controller', 'root-ca-certificate-publisher-controller'],
];

/** Milliseconds. etcd and the API server take 3 s on an idle machine: nothing is proved by the limit, a hang ends. */
const START_LIMIT = 240_000;

export async function startControlPlane(): Promise<ControlPlane> {
  const goOn = endWithRunner();
  const directory = await ownedDirectory('proofgrid-control-plane-');
  const progress = { signal: new AbortController().signal, report: () => undefined };
  const artifacts = createArtifacts();
  const { sources } = await defaultCell();
  const [kubernetes, etcd] = await Promise.all([artifacts.kubernetes(sources.kubernetes, progress), artifacts.etcd(sources.etcd, progress)]);
  const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
  const server = `https://127.0.0.1:${apiPort}`;
  const auditLog = join(directory, 'audit.log');

  const authority = await Authority.create(join(directory, 'pki'));
  const names = ['IP:127.0.0.1', 'DNS:localhost'];
  const [serving, admin, manager, kubelet, kubeletClient, accounts] = await Promise.all([
    authority.issue('apiserver', { user: 'kube-apiserver', names }),
    authority.issue('admin', { user: 'admin', groups: ['system:masters'] }),
    authority.issue('manager', { user: 'system:kube-controller-manager' }),
    authority.issue('kubelet', { user: 'system:node:double', groups: ['system:nodes'], names: [...names, 'DNS:virt-api.kubevirt.svc'] }),
    authority.issue('kubelet-client', { user: 'kube-apiserver-kubelet-client', groups: ['system:masters'] }),
    authority.issue('service-accounts', { user: 'service-accounts' }),
  ]);
  const kubeconfig = await writeKubeconfig(join(directory, 'admin.kubeconfig'), server, authority, admin);
  const managerConfig = await writeKubeconfig(join(directory, 'manager.kubeconfig'), server, authority, manager);
  await writeFile(join(directory, 'audit-policy.json'), AUDIT_POLICY);

  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const managerProcess = (without: readonly string[]) =>
    new ServerProcess({
      name: 'kube-controller-manager',
      directory,
      command: [
        join(kubernetes.directory, 'kube-controller-manager'),
        ...flags({
          kubeconfig: managerConfig,
          // nobody asks it anything, and a port that is bound seconds after it was found may be another's by then
          'secure-port': 0,
          controllers: CONTROLLERS.filter((controller) => !without.includes(controller)).join(','),
          'leader-elect': false,
          // each controller with the role that Kubernetes itself gives it
          'use-service-account-credentials': true,
          'service-account-private-key-file': accounts.key,
          'root-ca-file': authority.certificate,
          // a cluster of a test lives for seconds
          'resource-quota-sync-period': '10s',
          profiling: false,
        }),
      ],
    });
  const processes = {
    etcd: new ServerProcess({
      name: 'etcd',
      directory,
      command: [
        ...([join(etcd.directory, 'etcd'), '--name', 'test', '--data-dir', join(directory, 'etcd')] as const),
        ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `test=${peerUrl}`],
      ],
    }),
    api: new ServerProcess({
      name: 'kube-apiserver',
      directory,
      command: [
        join(kubernetes.directory, 'kube-apiserver'),
        ...flags({
          'etcd-servers': etcdUrl,
          'bind-address': '127.0.0.1',
          'secure-port': apiPort,
          // there is no address to advertise that pods could reach, and no pod
          'endpoint-reconciler-type': 'none',
          'tls-cert-file': serving.certificate,
          'tls-private-key-file': serving.key,
          'client-ca-file': authority.certificate,
          'service-account-issuer': server,
          'service-account-signing-key-file': accounts.key,
          'service-account-key-file': accounts.certificate,
          'authorization-mode': 'RBAC',
          'allow-privileged': true,
          'service-cluster-ip-range': '10.96.0.0/16',
          // stricter than Kubernetes' default and OpenShift's rule: an owner reference needs permission on the owner
          'enable-admission-plugins': 'OwnerReferencesPermissionEnforcement',
          'kubelet-client-certificate': kubeletClient.certificate,
          'kubelet-client-key': kubeletClient.key,
          'proxy-client-cert-file': kubeletClient.certificate,
          'proxy-client-key-file': kubeletClient.key,
          'kubelet-certificate-authority': authority.certificate,
          'kubelet-preferred-address-types': 'InternalIP',
          // from 1.34 on pages of a list come from the API server's own copy, which no test could let expire
          'feature-gates': 'ListFromCacheSnapshot=false',
          'audit-policy-file': join(directory, 'audit-policy.json'),
          'audit-log-path': auditLog,
          profiling: false,
        }),
      ],
    }),
    manager: managerProcess([]),
  };

  const plane = {
    server,
    directory,
    kubeconfig,
    auditLog,
    kubelet,
    certificateAuthority: authority.certificate,
    async kubeconfigOf(user: string, groups: readonly string[] = []) {
      const name = `user-${user.replaceAll(/[^a-z0-9-]/g, '-')}`;
      return writeKubeconfig(join(directory, `${name}.kubeconfig`), server, authority, await authority.issue(name, { user, groups }));
    },
    async restartManager(without: readonly string[] = []) {
      await processes.manager.stop();
      processes.manager = managerProcess(without);
      await processes.manager.start();
    },
    stopApiServer: async () => processes.api.stop(),
    async startApiServer() {
      await processes.api.start();
      await untilReady(kubeconfig, processes.api);
    },
    compact: async () => compact(etcdUrl),
    logs: () => Object.values(processes).map((process) => process.tail()).join('\n'),
    async stop() {
      goOn();
      await Promise.all([processes.manager.stop(), processes.api.stop()]);
      await processes.etcd.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await processes.etcd.start();
    await plane.startApiServer();
    await processes.manager.start();
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', users: ['system:apiserver', 'system:kube-controller-manager', 'admin'] }, { level: 'Metadata' }],
});

function flags(values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

async function untilReady(kubeconfig: string, process: ServerProcess): Promise<void> {
  const client = await ApiClient.connect(kubeconfig);
  const wait = { name: 'the API server is ready', limitMs: START_LIMIT, intervalMs: 50 };
  try {
    await waitFor(wait, async () => {
      if (!process.running) throw new Error('it has ended');
      const answer = await client.text('/readyz').catch(() => '');
      return answer === 'ok' ? true : undefined;
    });
  } catch (error) {
    throw new Error(`kube-apiserver is not ready:\n${process.tail()}`, { cause: error });
  } finally {
    client.close();
  }
}
