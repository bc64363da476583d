import type { ClusterDeployment } from '../../../lifecycle/cluster-deployment.ts';
import type { Host } from '../check.ts';
import { untyped } from './kubelet-settings.ts';
import { forVersion, playbookVariables, templateSettings, type Variables } from './playbook-data.ts';
import { settingComplaints } from './settings.ts';
import { unitComplaints, type MachineFacts, type UnitSettings } from './unit-settings.ts';

export const PROXY_FILE = '/etc/kubernetes/kube-proxy.yaml';
/** Where kube-proxy says its settings. */
export const PROXY_URL = 'http://127.0.0.1:10249/configz';
/** What the playbooks leave to Kubernetes, and a cluster of ours relies on. */
const BY_DEFAULT: Variables = { iptables: { masqueradeAll: false }, nodePortAddresses: [] };
/** In its mode nftables kube-proxy serves node ports at the node's own address: platformApplyDefaults in cmd/kube-proxy of Kubernetes. */
const PRIMARY = 'primary';

/** What the document and the playbooks make of kube-proxy's settings on a machine with these facts. */
export function expectedProxy({ spec }: ClusterDeployment, { name, address }: Pick<Host, 'name' | 'address'>, { container }: Pick<MachineFacts, 'container'>): Variables {
  const variables = playbookVariables('group_vars/all/main.yml');
  const { settings } = playbookVariables('group_vars/all/versions/kube-proxy.yml')['kube_proxy_versions'] as { settings: unknown };
  const given = {
    "'::' if ':' in machine_address else '0.0.0.0'": address.includes(':') ? '::' : '0.0.0.0',
    'ansible_facts.machine.container': container !== '',
    "pod_cidrs | join(',')": spec.network.podCIDR,
    'inventory_hostname': name,
    'cluster.spec.network.proxyMode': spec.network.proxyMode,
  };
  return { ...templateSettings('roles/node/templates/kube-proxy.yaml.j2', variables, given), ...forVersion(settings, spec.kubernetes.version) };
}

export function proxyComplaints(expected: Variables, seen: UnitSettings, { address }: Pick<Host, 'address'>): string[] {
  const wanted = untyped(expected);
  const disk = untyped(seen.disk);
  const live = asWritten(seen.live['kubeproxy.config.k8s.io'], { ...BY_DEFAULT, ...wanted, ...disk });
  const byDefault = wanted['mode'] === 'nftables' ? { ...BY_DEFAULT, nodePortAddresses: [PRIMARY] } : BY_DEFAULT;
  const nodePortAddresses = written(live['nodePortAddresses'], address);
  return [...settingComplaints({ what: 'kube-proxy', expected: wanted, live: { ...live, nodePortAddresses }, disk, file: PROXY_FILE, byDefault }), ...unitComplaints('kube-proxy', seen)];
}

/** Up to 1.35 it says what it has made of the keyword. */
function written(addresses: unknown, own: string): unknown {
  const networks = [`${own}/32`, `${own}/128`];
  return Array.isArray(addresses) && addresses.length === 1 && networks.includes(String(addresses[0])) ? [PRIMARY] : addresses;
}

/**
 * kube-proxy's own settings with the names of its file. Up to 1.35 it says its internal ones: `ClusterCIDR`, and since their parts for
 * Linux and for local traffic stand apart `Linux.Conntrack` and `DetectLocal.ClusterCIDRs` (pkg/proxy/apis/config/types.go of Kubernetes).
 */
export function asWritten(said: unknown, like: Variables): Variables {
  const live = lowered(said);
  const linux = lowered(live['linux']);
  const cidrs = lowered(live['detectlocal'])['clustercidrs'];
  const iptables = { ...linux, ...lowered(live['iptables']) };
  return spelled({ ...(Array.isArray(cidrs) ? { clustercidr: cidrs.join(',') } : {}), ...linux, ...live, iptables }, like);
}

function spelled(live: Variables, like: Variables): Variables {
  return Object.fromEntries(Object.entries(like).map(([key, value]) => {
    const found = live[key.toLowerCase()];
    return [key, isObject(value) ? spelled(lowered(found), value) : found];
  }));
}

function lowered(value: unknown): Variables {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner])) : {};
}

function isObject(value: unknown): value is Variables {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
