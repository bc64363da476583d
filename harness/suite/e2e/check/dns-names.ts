import type { V1Service } from '@kubernetes/client-node';
import { firstNetwork } from '../../../../lifecycle/network-families.ts';
import type { Check, ClusterContext } from '../../check.ts';
import { firstAddress } from '../address.ts';
import { kube, last, nodes } from '../api-server.ts';
import { addressRecord, addressType, askedInVain, type ExpectedName } from '../dns-names.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { fixture, FIXTURE_LABELS } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeApi } from '../kube-api.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { HTTP_PORT, type RunningPod } from '../pod.ts';
import { onePodOfEachNode } from '../reach.ts';
import { uniqueName } from '../unique.ts';
import { until } from '../wait.ts';

const SERVICES = `${NAMESPACE_PATH}/services`;
const ZONE = 'svc.cluster.local.';
/** The first address of the service network, in every cluster. */
const API_SERVICE = `kubernetes.default.${ZONE}`;
/** Milliseconds until a new service is known by its names: endpoints and watches take one or two seconds. */
const KNOWN_LIMIT = 10_000;

export const dnsNames: Check = {
  name: 'dns-names',
  title: 'A pod of every node resolves every kind of name in the cluster, over UDP and over TCP',
  // The pods may have to start first (60 s); then a new service becomes known, and dig gives up after 2 s.
  limitMs: 120_000,
  blockedBy: ['etcd-health', 'leader-leases', 'nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'proxy-mode', 'cluster-ip', 'api-service', 'dns'],
  skip: ({ deployment: { spec } }) => (spec.dns.type === 'none' ? spec.dns.reason : undefined),
  async run(context) {
    const made = await fixture(context);
    const api = kube(context);
    // New ones each time: names from before a fault prove nothing.
    const services = { web: uniqueName('web'), headless: uniqueName('headless'), external: uniqueName('external') };
    try {
      const names = await makeNames(context, api, made.pods, services);
      const pods = onePodOfEachNode(made).map(({ name }) => name);
      const complaints = async () => askedInVain(context, pods, names);
      const fine = `${names.length} names over UDP and TCP from ${pods.length} pods`;
      return await until({
        what: fine,
        limitMs: KNOWN_LIMIT,
        signal: context.signal,
        attempt: async () => {
          const judged = judgeComplaints(fine, await complaints());
          return judged.passed ? { value: judged } : { observed: judged.observed };
        },
      });
    } finally {
      await Promise.all(Object.values(services).map((name) => api.remove(`${SERVICES}/${name}`)));
    }
  },
  sabotages: [
    {
      name: 'udp-dropped',
      observed: /^pod \S+, service \S+ over UDP: no servers could be reached(?!.*over TCP)/s,
      apply: faulty((context, mend) => dropFromPods(context, 'udp', mend)),
    },
    {
      name: 'tcp-dropped',
      observed: /^pod \S+, service \S+ over TCP: no servers could be reached(?!.*over UDP)/s,
      apply: faulty((context, mend) => dropFromPods(context, 'tcp', mend)),
    },
  ],
};

/** What the pods of the last node send alone: packets of others come through it too, on their way to a replica there. */
async function dropFromPods(context: ClusterContext, protocol: 'udp' | 'tcp', mend: Mend): Promise<void> {
  const host = last(nodes(context));
  const { pods } = await fixture(context);
  for (const { address } of pods.filter(({ node }) => node === host.name)) {
    await addRule(host, ['raw', 'PREROUTING', '-s', address, '-p', protocol, '--dport', '53', '-j', 'DROP'], mend);
  }
}

async function makeNames(
  context: ClusterContext,
  api: KubeApi,
  pods: readonly RunningPod[],
  { web, headless, external }: Readonly<Record<'web' | 'headless' | 'external', string>>,
): Promise<ExpectedName[]> {
  const ports = [{ name: 'http', port: 80, targetPort: HTTP_PORT }];
  const make = (name: string, spec: V1Service['spec']) =>
    api.post<V1Service>(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE }, spec });
  const [service] = await Promise.all([
    make(web, { selector: FIXTURE_LABELS, ports }),
    make(headless, { selector: FIXTURE_LABELS, clusterIP: 'None', ports }),
    make(external, { type: 'ExternalName', externalName: API_SERVICE.slice(0, -1) }),
  ]);
  const address = service.spec?.clusterIP;
  if (address === undefined) throw new Error(`the API server gave the service ${web} no address`);
  const type = addressType(address);
  const own = `${web}.${NAMESPACE}.${ZONE}`;
  const apiAddress = addressRecord(firstAddress(firstNetwork(context.deployment.spec.network.serviceCIDR)));
  return [
    { kind: 'service', question: { name: own, type }, records: [addressRecord(address)] },
    { kind: 'service by its short name', question: { name: web, type }, records: [addressRecord(address)] },
    { kind: 'service of another namespace', question: { name: 'kubernetes.default', type }, records: [apiAddress] },
    { kind: 'headless service', question: { name: `${headless}.${NAMESPACE}.${ZONE}`, type }, records: pods.map((pod) => addressRecord(pod.address)).sort() },
    { kind: 'port', question: { name: `_http._tcp.${own}`, type: 'SRV' }, records: [`SRV 0 80 ${own}`] },
    { kind: 'address', question: { name: address, type: 'PTR' }, records: [`PTR ${own}`] },
    { kind: 'external name', question: { name: `${external}.${NAMESPACE}.${ZONE}`, type }, records: [apiAddress, `CNAME ${API_SERVICE}`].sort() },
  ];
}
