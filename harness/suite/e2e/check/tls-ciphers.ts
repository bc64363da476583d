import type { V1Service } from '@kubernetes/client-node';
import type { Check, ClusterContext, Host } from '../../check.ts';
import { apiServers, controlPlanes, etcdMembers, kube, last, nodes } from '../api-server.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { offerTls, STRONG, WEAK, type TlsPort } from '../tls-offer.ts';

const OFFERS = [STRONG, ...WEAK];
const CBC_TOO = String.raw`s/TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384/TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA/`;

export const tlsCiphers: Check = {
  name: 'tls-ciphers',
  title: 'Every server refuses TLS below 1.2, suites with CBC, and suites without forward secrecy (CIS 1.2.29, 4.2.12)',
  // Five handshakes with each port, one command on each machine.
  limitMs: 60_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready', 'leader-leases', 'resource-metrics'],
  async run(context) {
    const ports = await Promise.all(context.hosts.map(async (host) => ({ host, ports: await portsOf(context, host) })));
    const complaints = await Promise.all(ports.map(async ({ host, ports: own }) => complain(host, own)));
    return judgeComplaints(`${ports.flatMap(({ ports: own }) => own).length} ports with strong suites alone`, complaints.flat());
  },
  sabotages: [
    {
      name: 'kubelet-takes-cbc',
      observed: /^\S+: kubelet \(10250\) takes TLS 1\.2 with CBC and SHA-1$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => nodesReady(context));
        mend(() => restartUnit(host, 'kubelet'));
        await editFile(host, '/etc/kubernetes/kubelet.yaml', CBC_TOO, mend);
        await restartUnit(host, 'kubelet');
        await nodesReady(context);
      }),
    },
    {
      name: 'etcd-takes-cbc',
      observed: /^\S+: etcd \(2379\) takes TLS 1\.2 with CBC and SHA-1; \S+: etcd peers \(2380\) takes TLS 1\.2 with CBC and SHA-1$/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        mend(() => controlPlaneWhole(context));
        mend(() => restartUnit(host, 'etcd'));
        await editFile(host, '/etc/etcd/etcd.yaml', CBC_TOO, mend);
        await restartUnit(host, 'etcd');
        await controlPlaneWhole(context);
      }),
    },
  ],
};

async function portsOf(context: ClusterContext, host: Host): Promise<TlsPort[]> {
  const { address } = host;
  const [loopback, api] = ['127.0.0.1', apiServers(context).find(({ host: { name } }) => name === host.name)];
  return [
    ...(host.roles.includes('etcd') ? [{ what: 'etcd', address, port: 2379 }, { what: 'etcd peers', address, port: 2380 }] : []),
    ...(api === undefined ? [] : [
      { what: 'kube-apiserver', address, port: api.port },
      { what: 'kube-controller-manager', address: loopback, port: 10257 },
      { what: 'kube-scheduler', address: loopback, port: 10259 },
    ]),
    ...(nodes(context).some(({ name }) => name === host.name) ? [{ what: 'kubelet', address, port: 10250 }] : []),
    ...(host.name === controlPlanes(context)[0]?.name ? await metricsServer(context) : []),
  ];
}

async function metricsServer(context: ClusterContext): Promise<TlsPort[]> {
  if (context.deployment.spec.metrics.type === 'none') return [];
  const { spec } = await kube(context).get<V1Service>('/api/v1/namespaces/kube-system/services/metrics-server');
  return [{ what: 'metrics-server', address: spec?.clusterIP ?? '', port: 443 }];
}

async function complain(host: Host, ports: readonly TlsPort[]): Promise<string[]> {
  const outcomes = await offerTls(host, ports, OFFERS);
  return ports.flatMap(({ what, port }, index) =>
    OFFERS.flatMap((offer, asked) => {
      const outcome = outcomes[index]?.[asked];
      const where = `${host.name}: ${what} (${port})`;
      if (outcome === 'taken') return offer === STRONG ? [] : [`${where} takes ${offer.name}`];
      if (outcome === 'refused') return offer === STRONG ? [`${where} refuses ${offer.name}`] : [];
      return [`${where}: ${offer.name}: ${outcome}`];
    }),
  );
}
