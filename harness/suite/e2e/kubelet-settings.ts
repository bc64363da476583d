import type { ClusterDeployment } from '../../../lifecycle/cluster-deployment.ts';
import { firstNetwork } from '../../../lifecycle/network-families.ts';
import { podAddresses } from '../../../lifecycle/network-size-rules.ts';
import type { Host } from '../check.ts';
import { addressAt } from './address.ts';
import { forVersion, playbookVariables, templateSettings, type Variables } from './playbook-data.ts';
import { settingComplaints } from './settings.ts';
import { unitComplaints, type MachineFacts, type UnitSettings } from './unit-settings.ts';

export const KUBELET_FILE = '/etc/kubernetes/kubelet.yaml';
/** The address of the service network that the cluster's DNS gets: `cluster_dns_address` of the playbooks. */
const DNS_INDEX = 10;
/** Percent of the image disk, Kubernetes' own; never where no registry has the images. docs/decisions/0190-preloaded-images-are-never-collected.md */
const GC_THRESHOLD = { registry: 85, preloaded: 100 };
/** What the playbooks leave to Kubernetes, and a cluster of ours relies on. */
const BY_DEFAULT: Variables = {
  cgroupsPerQOS: true,
  cpuCFSQuota: true,
  enforceNodeAllocatable: ['pods'],
  kubeReserved: {},
  serverTLSBootstrap: false,
  staticPodPath: '',
  staticPodURL: '',
  systemReserved: {},
};

interface KubeletRows {
  readonly settings: unknown;
  readonly cgroup_v1_settings: unknown;
}

/** What the document and the playbooks make of a kubelet's settings on a machine with these facts. */
export function expectedKubelet({ spec }: ClusterDeployment, { name }: Pick<Host, 'name'>, { container, resolv_conf, cgroup }: MachineFacts): Variables {
  const variables = playbookVariables(...['main', 'hardening', 'node'].map((file) => `group_vars/all/${file}.yml`), 'roles/node/defaults/main.yml');
  const rows = playbookVariables('group_vars/all/versions/kubelet.yml')['kubelet_versions'] as KubeletRows;
  const real = container === '';
  const given = {
    'cgroup_driver': cgroup.version === 2 || real ? 'systemd' : 'cgroupfs',
    'node_cgroup_root': cgroup.shared.length > 0 ? `/${name}` : '/',
    "cluster.spec.dns.type != 'none'": spec.dns.type !== 'none',
    'cluster_dns_address': addressAt(firstNetwork(spec.network.serviceCIDR), DNS_INDEX),
    '(ansible_facts.machine.container | length == 0) | to_json': real,
    'node_image_gc_threshold': spec.runtime.images.length > 0 ? GC_THRESHOLD.preloaded : GC_THRESHOLD.registry,
    '[node_max_pods | int, 2 ** (node_pod_bits | int) - 3] | min': Math.min(Number(variables['node_max_pods']), podAddresses(spec.network.podCIDR)),
    'ansible_facts.machine.resolv_conf | to_json': resolv_conf,
  };
  const { version } = spec.kubernetes;
  return {
    ...templateSettings('roles/node/templates/kubelet.yaml.j2', variables, given),
    ...forVersion(rows.settings, version),
    ...(cgroup.version === 1 ? forVersion(rows.cgroup_v1_settings, version) : {}),
  };
}

/** `live`: what `/configz` says. */
export function kubeletComplaints(expected: Variables, live: Variables, seen: UnitSettings): string[] {
  const settings = settingComplaints({ what: 'kubelet', expected: untyped(expected), live, disk: untyped(seen.disk), file: KUBELET_FILE, byDefault: BY_DEFAULT });
  return [...settings, ...unitComplaints('kubelet', seen)];
}

/** Not every version says its own kind. */
export function untyped({ kind: _, apiVersion: __, ...settings }: Variables): Variables {
  return settings;
}
