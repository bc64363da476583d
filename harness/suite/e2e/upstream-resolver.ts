import type { V1Pod } from '@kubernetes/client-node';
import { networksOf } from '../../../lifecycle/network-families.ts';
import type { ClusterContext } from '../check.ts';
import { addressInside } from './address.ts';
import { kube, last, nodes } from './api-server.ts';
import { NAMESPACE, NAMESPACE_PATH } from './namespace.ts';
import { startPods } from './pod.ts';
import { uniqueName } from './unique.ts';

/** Not 53, so that the server needs no right to a port below 1024. */
const PORT = 5353;

/** A zone of the document that checks can serve themselves: its server is to be at an address of the service network. */
export interface StubZone {
  readonly zone: string;
  readonly address: string;
}

export function checkedZone({ deployment: { spec } }: ClusterContext): StubZone | undefined {
  if (spec.dns.type === 'none') return undefined;
  const zones = Object.entries(spec.dns.stubDomains).flatMap(([zone, servers]) => servers.map((address) => ({ zone, address })));
  return zones.find(({ address }) => networksOf(spec.network.serviceCIDR).some((network) => addressInside(address, network)));
}

/** Runs a server of the zone behind its address, with the image of the cluster's own CoreDNS; resolves with its removal. */
export async function serveZone(context: ClusterContext, { zone, address }: StubZone, hosts: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
  const { dns } = context.deployment.spec;
  if (dns.type === 'none') throw new Error('a cluster without DNS has no zone to serve');
  const api = kube(context);
  const name = uniqueName('resolver');
  const remove = async () => {
    for (const kind of ['services', 'pods', 'configmaps']) await api.remove(`${NAMESPACE_PATH}/${kind}/${name}`);
  };
  const metadata = { name, namespace: NAMESPACE };
  const entries = Object.entries(hosts).map(([host, value]) => `${value} ${host}`);
  try {
    const Corefile = `${zone}:${PORT} {\n  errors\n  hosts {\n${entries.map((entry) => `    ${entry}\n`).join('')}  }\n}\n`;
    await api.post(`${NAMESPACE_PATH}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile } });
    const ports = (['UDP', 'TCP'] as const).map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 53, targetPort: PORT }));
    await api.post(`${NAMESPACE_PATH}/services`, { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: address, selector: { resolver: name }, ports } });
    await startPods(context, [resolverPod(name, last(nodes(context)).name, dns.image)]);
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}

function resolverPod(name: string, node: string, image: string): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { resolver: name } },
    spec: {
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      automountServiceAccountToken: false,
      dnsPolicy: 'Default',
      terminationGracePeriodSeconds: 0,
      restartPolicy: 'Never',
      containers: [
        {
          name: 'coredns',
          image,
          imagePullPolicy: 'IfNotPresent',
          args: ['-conf', '/etc/coredns/Corefile'],
          volumeMounts: [{ name: 'configuration', mountPath: '/etc/coredns', readOnly: true }],
        },
      ],
      volumes: [{ name: 'configuration', configMap: { name } }],
    },
  };
}
