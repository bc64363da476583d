import { beforeAll, describe, expect, test } from 'vitest';
import { runPython } from './python-module.ts';

/** Certificates are {key, name} here, so that a test says what it compares. */
const PROGRAM = `module.authority = lambda text: json.loads(text)
def verdict(given):
  case = module.Situation(given["document"], given["state"], given["traces"], given.get("removal"))
  refused = list(module.judge_removal(case)) if given.get("remove") else module.judge(case)
  return {"texts": [module.text_of(one) for one in refused], "ours": case.ours(),
    "records": {name: module.record_of(case, name, "made") for name in case.traces if name in case.wanted}}
print(json.dumps([verdict(one) for one in given]))`;

interface Verdict {
  readonly texts: readonly string[];
  readonly ours: readonly string[];
  readonly records: Readonly<Record<string, unknown>>;
}

const PORTS: Readonly<Record<string, readonly number[]>> = { etcd: [2379, 2380], 'control-plane': [6443, 10250], worker: [10250] };
const machine = (name: string, roles: readonly string[], address: string) =>
  ({ name, roles, peer_url: `https://${address}:2380`, ports: [...new Set(roles.flatMap((role) => PORTS[role] ?? []))] });
const MACHINES = [machine('a', ['etcd', 'control-plane'], '10.0.0.1'), machine('b', ['worker'], '10.0.0.2')];
const DOCUMENT = {
  name: 'shop', service_cidr: '10.96.0.0/16', pod_cidr: '10.244.0.0/16', engine: 'containerd', cni_directory: '/etc/cni/net.d', cni_file: '10-proofgrid.conflist' as string | null,
  machines: MACHINES,
};
const STATE = { directory: 'shop.state', id: 'one' as string | null, authorities: { ca: 'K', 'etcd-ca': 'E' } as Record<string, string> };
const CA = JSON.stringify({ key: 'K', name: 'shop kubernetes' });
const ETCD_CA = JSON.stringify({ key: 'E', name: 'shop etcd' });
const FOREIGN_CA = JSON.stringify({ key: 'X', name: 'kubernetes' });

const EMPTY = {
  record: null as Record<string, unknown> | null, etcd_record: null as { cluster_id: string } | null, authorities: {} as Record<string, string>, flags: {} as Record<string, string>,
  etcd: { data: false, cluster_id: null as string | null, members: [] as { name: string; peer_urls: string[] }[] },
  cni: [] as string[], others: [] as string[], ports: [] as number[], containers: [] as string[],
};
type Trace = typeof EMPTY;
const record = (name: string, more: Record<string, unknown> = {}) => ({
  id: 'one', name: 'shop', machine: name, service_cidr: '10.96.0.0/16', pod_cidr: '10.244.0.0/16', machines: { a: ['etcd', 'control-plane'], b: ['worker'] }, cni_before: [], engines: ['containerd'], ...more,
});
/** A deployed cluster of two machines. */
const A: Trace = {
  ...EMPTY, record: record('a'), etcd_record: { cluster_id: '77' }, authorities: { ca: CA, 'etcd-ca': ETCD_CA }, flags: { service_cidr: '10.96.0.0/16' },
  etcd: { data: true, cluster_id: '77', members: [{ name: 'a', peer_urls: ['https://10.0.0.1:2380'] }] }, cni: ['10-proofgrid.conflist'], ports: [2379, 2380, 6443, 10250],
  containers: ['/run/containerd/io.containerd.runtime.v2.task/k8s.io/1'],
};
const B: Trace = { ...EMPTY, record: record('b'), authorities: { ca: CA }, cni: ['10-proofgrid.conflist'], ports: [10250] };
const LIVING = { a: A, b: B };

const PAIR = { pods: '10.244.0.0/16,fd00:10:244::/56', services: '10.96.0.0/16,fd00:10:96::/112' };

interface Given {
  readonly document?: Partial<typeof DOCUMENT>;
  readonly state?: Partial<typeof STATE>;
  readonly traces?: Readonly<Record<string, Trace>>;
  readonly remove?: boolean;
  readonly removal?: string;
}

/** One process for all of them: Python takes longer to start than to judge. */
async function judge(...cases: readonly Given[]): Promise<Verdict[]> {
  return await runPython('action/cluster_guard.py', PROGRAM, cases.map((given) => ({
    ...given, document: { ...DOCUMENT, ...given.document }, state: { ...STATE, ...given.state }, traces: given.traces ?? LIVING,
  }))) as Verdict[];
}

const ALLOWED: readonly (readonly [string, Given])[] = [
  ['clean machines and an empty state directory', { traces: { a: EMPTY, b: EMPTY }, state: { id: null, authorities: {} } }],
  ['clean machines and a state directory that was used before', { traces: { a: EMPTY, b: EMPTY } }],
  ['the living cluster', {}],
  ['a worker whose disk is new', { traces: { a: A, b: EMPTY } }],
  ['one more worker', { document: { machines: [...MACHINES, machine('c', ['worker'], '10.0.0.3')] }, traces: { ...LIVING, c: EMPTY } }],
  ['a deploy that was cut off before the first authority, whatever changed', { document: { name: 'other', service_cidr: '10.97.0.0/16' }, traces: { a: { ...EMPTY, record: record('a') }, b: EMPTY } }],
  ['a stopped cluster', { traces: { a: { ...A, etcd: { ...A.etcd, cluster_id: null, members: [] } }, b: B } }],
  ['a member that never started', { traces: { a: { ...EMPTY, record: record('a'), authorities: { ca: CA, 'etcd-ca': ETCD_CA } }, b: EMPTY } }],
  ['a damaged certificate on a machine of ours', { traces: { a: { ...A, authorities: { ca: 'null', 'etcd-ca': ETCD_CA } }, b: B } }],
  ['a cluster from before there were records', { traces: { a: { ...A, record: null }, b: { ...B, record: null } }, state: { id: null } }],
  ['a later CNI file', { traces: { a: A, b: { ...B, cni: ['10-proofgrid.conflist', '87-podman-bridge.conflist'] } } }],
  ['files of a manifest on a machine of ours', { document: { cni_file: null }, traces: { a: A, b: B } }],
  ['a dual-stack cluster, its second network in another spelling', {
    document: { pod_cidr: PAIR.pods, service_cidr: PAIR.services },
    traces: { a: { ...A, record: record('a', { pod_cidr: '10.244.0.0/16,fd00:0010:0244::/56', service_cidr: PAIR.services }), flags: { service_cidr: PAIR.services } }, b: EMPTY },
  }],
  ['an IPv6 network in another spelling', { document: { pod_cidr: 'fd00:0:0::/56' }, traces: { a: { ...A, record: record('a', { pod_cidr: 'fd00::/56' }) }, b: EMPTY } }],
  ['another engine in the document, which is a change of its own', { document: { engine: 'docker' } }],
];

const REFUSED: readonly (readonly [string, Given, readonly string[]])[] = [
  ['an empty state directory', { state: { id: null, authorities: {} } },
    ['spec.machines[0]: a holds the cluster shop with the id one, and the state directory shop.state has none; name the state directory of that cluster, or remove it with reset and that directory [CLUSTER_OTHER]', 'spec.machines[1]: b holds']],
  ['the state directory of another cluster', { state: { id: 'two', authorities: { ca: 'X', 'etcd-ca': 'Y' } } }, ['has the id two', 'has the id two']],
  ['a state directory without authorities', { state: { authorities: {} } }, ['whose authority (ca, etcd-ca) is not the one of the state directory shop.state, which has none; ', 'authority (ca) is not']],
  ['a machine of another cluster', { traces: { a: A, b: { ...B, record: record('b', { id: 'two', name: 'bank' }) } } }, ['spec.machines[1]: b holds the cluster bank with the id two']],
  ['the authority of another installer', { traces: { a: { ...EMPTY, authorities: { ca: FOREIGN_CA } }, b: EMPTY } }, ['spec.machines[0]: a holds a cluster whose authority (ca) is not']],
  ['static pods of another installer', { traces: { a: EMPTY, b: { ...EMPTY, others: ['/etc/kubernetes/manifests/etcd.yaml'] } } }, ['spec.machines[1]: b holds a cluster that is not ours: /etc/kubernetes/manifests/etcd.yaml; ']],
  ['data of an etcd without authority', { traces: { a: { ...EMPTY, etcd: { ...EMPTY.etcd, data: true } }, b: EMPTY } }, ['data of etcd in /var/lib/etcd']],
  ['a port that is taken', { traces: { a: EMPTY, b: { ...EMPTY, ports: [22, 10250] } } }, ['b holds a cluster that is not ours: a program that listens on port 10250; ']],
  ['containers of others', { traces: { a: EMPTY, b: { ...EMPTY, containers: ['/var/lib/docker/containers/1'] } } }, ['b has 1 containers already, as /var/lib/docker/containers/1']],
  ['another name', { document: { name: 'renamed' } }, ['metadata.name: a was deployed with shop, the document has renamed; write shop: there is no operation for this change yet [CLUSTER_NAME_FIXED]']],
  ['another name, and no record', { document: { name: 'renamed' }, traces: { a: { ...A, record: null }, b: EMPTY } }, ['metadata.name: a was deployed with shop']],
  ['another service network', { document: { service_cidr: '10.97.0.0/16' } }, ['spec.network.serviceCIDR: a was deployed with 10.96.0.0/16, the document has 10.97.0.0/16; ']],
  ['another service network, and no record', { document: { service_cidr: '10.97.0.0/16' }, traces: { a: { ...A, record: null }, b: EMPTY } }, ['spec.network.serviceCIDR: a was deployed with 10.96.0.0/16']],
  ['a second family of addresses', { document: { pod_cidr: PAIR.pods, service_cidr: PAIR.services } }, [
    `spec.network.serviceCIDR: a was deployed with 10.96.0.0/16, the document has ${PAIR.services}; write 10.96.0.0/16`,
    `spec.network.podCIDR: a was deployed with 10.244.0.0/16, the document has ${PAIR.pods}; write 10.244.0.0/16`,
  ]],
  ['a second family of addresses, and no record', { document: { service_cidr: PAIR.services }, traces: { a: { ...A, record: null }, b: EMPTY } }, ['spec.network.serviceCIDR: a was deployed with 10.96.0.0/16']],
  ['one family instead of two', { traces: { a: { ...A, record: record('a', { pod_cidr: PAIR.pods }) }, b: EMPTY } }, [`spec.network.podCIDR: a was deployed with ${PAIR.pods}, the document has 10.244.0.0/16`]],
  ['another pod network', { document: { pod_cidr: '10.245.0.0/16' } }, ['spec.network.podCIDR: a was deployed with 10.244.0.0/16']],
  ['two machines that changed their names', { traces: { a: { ...A, record: record('b') }, b: { ...B, record: record('a') } } }, ['spec.machines[0].name: a was deployed as b', 'spec.machines[1].name: b was deployed as a']],
  ['more members of etcd', { document: { machines: [machine('a', ['etcd', 'control-plane'], '10.0.0.1'), machine('b', ['etcd', 'worker'], '10.0.0.2')] } },
    ['spec.machines[1].roles: b was deployed as worker, the document has etcd, worker; keep its roles: ', 'spec.machines: the etcd cluster of a has the members https://10.0.0.1:2380, the document has https://10.0.0.1:2380, https://10.0.0.2:2380']],
  ['one more control plane', { document: { machines: [...MACHINES, machine('c', ['control-plane'], '10.0.0.3')] }, traces: { ...LIVING, c: EMPTY } }, ['spec.machines[2].roles: c is new in a living cluster, with the roles control-plane; only workers can be added: ']],
  ['a machine less', { document: { machines: MACHINES.slice(0, 1) }, traces: { a: A } }, ['spec.machines: the cluster has a machine b (worker), and the document has not; keep it: ']],
  ['a member at another address', { document: { machines: [machine('a', ['etcd', 'control-plane'], '10.0.0.9'), ...MACHINES.slice(1)] } }, ['has the members https://10.0.0.1:2380, the document has https://10.0.0.9:2380']],
  ['a member without its data', { traces: { a: { ...A, etcd: EMPTY.etcd }, b: B } }, ['spec.machines[0]: a is a member of the etcd cluster 77, and /var/lib/etcd is empty; ']],
  ['a member in another cluster', { traces: { a: { ...A, etcd_record: { cluster_id: '78' } }, b: B } }, ['a was deployed into the etcd cluster 78 and runs in 77']],
  ['an earlier CNI file', { traces: { a: A, b: { ...B, cni: ['05-old.conflist', '10-proofgrid.conflist'] } } }, ['spec.network.plugin: b has 05-old.conflist in /etc/cni/net.d, which the container engine would use instead of 10-proofgrid.conflist; ']],
  ['an earlier CNI file on a clean machine', { traces: { a: EMPTY, b: { ...EMPTY, cni: ['05-old.conflist'] } } }, ['b has 05-old.conflist']],
  ['any CNI file where a manifest brings the network', { document: { cni_file: null }, traces: { a: EMPTY, b: { ...EMPTY, cni: ['87-podman-bridge.conflist'] } } }, ['b has 87-podman-bridge.conflist in /etc/cni/net.d, which the container engine would use instead of the network of the manifest']],
];

describe('the table of rules', () => {
  let verdicts: readonly Verdict[];
  beforeAll(async () => {
    verdicts = await judge(...ALLOWED.map(([, given]) => given), ...REFUSED.map(([, given]) => given));
  });

  ALLOWED.forEach(([name], index) => test(`allowed: ${name}`, () => expect(verdicts[index]?.texts).toEqual([])));
  REFUSED.forEach(([name, , wanted], index) => test(`refused: ${name}`, () => {
    expect(verdicts[ALLOWED.length + index]?.texts).toEqual(wanted.map((text) => expect.stringContaining(text) as string));
  }));
});

test('members in different clusters are told together', async () => {
  const other: Trace = { ...A, record: record('b'), etcd_record: { cluster_id: '88' }, etcd: { data: true, cluster_id: '88', members: [] } };
  const [verdict] = await judge({ traces: { a: A, b: other } });
  expect(verdict?.texts).toContainEqual(expect.stringContaining('the members run in different etcd clusters: a in 77, b in 88; '));
});

test('the same reason is told once', async () => {
  const [verdict] = await judge({ document: { name: 'renamed' } });
  expect(verdict?.texts).toHaveLength(1);
});

test('what a machine is told keeps what it held before the cluster, and every engine', async () => {
  const [first, docker] = await judge({ traces: { a: EMPTY, b: { ...EMPTY, cni: ['87-podman-bridge.conflist'] } } }, { document: { engine: 'docker' } });
  expect(first?.records['b']).toEqual({ ...record('b', { id: 'one', cni_before: ['87-podman-bridge.conflist'] }), id: 'made' });
  expect(docker?.records['a']).toMatchObject({ machine: 'a', engines: ['containerd', 'docker'], cni_before: [] });
});

test('a reset is refused only on a machine of another cluster', async () => {
  const other = { ...B, record: record('b', { id: 'two', name: 'bank' }) };
  const [refused, named, own, foreign] = await judge(
    { remove: true, traces: { b: other } },
    { remove: true, removal: 'two', traces: { b: other } },
    { remove: true, traces: { a: A } },
    { remove: true, traces: { a: { ...EMPTY, others: ['/etc/kubernetes/manifests/etcd.yaml'] } } },
  );
  expect(refused?.texts).toEqual(['spec.machines[1]: b holds the cluster bank with the id two, which is not that of the state directory shop.state; name its state directory, or its id with --cluster-id [CLUSTER_OTHER]']);
  expect(named).toMatchObject({ texts: [], ours: ['b'] });
  expect(own).toMatchObject({ texts: [], ours: ['a'] });
  expect(foreign).toMatchObject({ texts: [], ours: [] });
});
