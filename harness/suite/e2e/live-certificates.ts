import type { X509Certificate } from 'node:crypto';
import { firstNetwork } from '../../../lifecycle/network-families.ts';
import { firstAddress } from './address.ts';
import type { ClusterContext, Host } from '../check.ts';
import { apiServers, etcdMembers, nodes } from './api-server.ts';
import { certificatesOf } from './certificate.ts';
import type { SeenCertificate } from './certificate.ts';
import { must } from './machine.ts';
import { presentedCertificate } from './probe.ts';

export interface LiveCertificate extends SeenCertificate {
  /** Names and addresses under which clients reach the server. */
  readonly names: readonly string[];
  /** Whose signature clients trust there. */
  readonly authorities: readonly X509Certificate[];
}

interface Server {
  readonly place: string;
  readonly address: string;
  readonly port: number;
  readonly names: readonly string[];
  readonly authorities: readonly X509Certificate[];
}

/** The certificates that all servers of the cluster present right now, which a file on a disk does not prove. */
export async function liveCertificates(context: ClusterContext): Promise<LiveCertificate[]> {
  const servers = [...apiServersOf(context), ...kubeletsOf(context), ...(await etcdOf(context))];
  return Promise.all(
    servers.map(async ({ address, port, ...server }) => ({ ...server, certificate: await presentedCertificate(context, address, port) })),
  );
}

function apiServersOf(context: ClusterContext): Server[] {
  const { controlPlane, network } = context.deployment.spec;
  const authorities = clusterAuthorities(context);
  const endpoint = new URL(context.kubeConfig.getCurrentCluster()?.server ?? '');
  const endpointHost = endpoint.hostname.replaceAll(/[[\]]/g, '');
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', firstAddress(firstNetwork(network.serviceCIDR))];
  const shared = [endpointHost, ...service, ...controlPlane.certSANs];
  const direct = apiServers(context).map(({ host, port }) => ({
    place: `API server of ${host.name}`,
    address: host.address,
    port,
    names: [host.name, host.address, ...shared],
    authorities,
  }));
  return [...direct, { place: 'API endpoint', address: endpointHost, port: Number(endpoint.port || 443), names: shared, authorities }];
}

function kubeletsOf(context: ClusterContext): Server[] {
  return nodes(context).map(({ name, address }) => ({
    place: `kubelet of ${name}`,
    address,
    port: 10250,
    names: [name, address],
    authorities: clusterAuthorities(context),
  }));
}

async function etcdOf(context: ClusterContext): Promise<Server[]> {
  const servers = await Promise.all(
    etcdMembers(context).map(async (host) => {
      const authorities = await etcdAuthorities(host);
      const server = { address: host.address, names: [host.name, host.address], authorities };
      return [
        { ...server, place: `etcd of ${host.name}`, port: 2379 },
        { ...server, place: `etcd peer of ${host.name}`, port: 2380 },
      ];
    }),
  );
  return servers.flat();
}

/** The authorities that the kubeconfig trusts. */
function clusterAuthorities({ kubeConfig }: ClusterContext): X509Certificate[] {
  const data = kubeConfig.getCurrentCluster()?.caData;
  if (data === undefined) throw new Error('the kubeconfig embeds no authority (certificate-authority-data)');
  return certificatesOf(Buffer.from(data, 'base64').toString());
}

async function etcdAuthorities(host: Host): Promise<X509Certificate[]> {
  return certificatesOf(await must(host, ['cat', '/etc/etcd/pki/ca.crt']));
}
