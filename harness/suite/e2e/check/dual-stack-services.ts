import type { V1Service } from '@kubernetes/client-node';
import { networksOf } from '../../../../lifecycle/network-families.ts';
import type { Check } from '../../check.ts';
import { bracket, kube, last, nodes, nodesWithLogin } from '../api-server.ts';
import { addressRecord, addressType, askedInVain } from '../dns-names.ts';
import { skipSingleStack, whyNotBoth } from '../families.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { loseServiceRules } from '../fault/service.ts';
import { fixture, FIXTURE_LABELS } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { HTTP_PORT } from '../pod.ts';
import { judgeReached, onePodOfEachNode, reachFromHost, reachFromPod } from '../reach.ts';
import { uniqueName } from '../unique.ts';
import { until } from '../wait.ts';

const SERVICES = `${NAMESPACE_PATH}/services`;
/** Milliseconds until kube-proxy and DNS know a new service: endpoints and watches take one or two seconds. */
const KNOWN_LIMIT = 15_000;

export const dualStackServices: Check = {
  name: 'dual-stack-services',
  title: 'A service that requires both families has an address of each, both answer from every node and from a pod of it, and DNS knows both',
  // The pods may have to start first (60 s), then the service becomes known (15 s), with rounds of requests of 3 s.
  limitMs: 120_000,
  blockedBy: ['leader-leases', 'nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'host-to-pod', 'dual-stack-pods', 'proxy-mode', 'cluster-ip', 'api-service', 'dns'],
  skip: skipSingleStack,
  async run(context) {
    const made = await fixture(context);
    const api = kube(context);
    // A new one each time: rules from before a fault prove nothing.
    const name = uniqueName('dual-stack');
    const body: V1Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: NAMESPACE },
      spec: { ipFamilyPolicy: 'RequireDualStack', selector: FIXTURE_LABELS, ports: [{ port: 80, targetPort: HTTP_PORT }] },
    };
    try {
      const service = await api.post<V1Service>(SERVICES, body);
      const addresses = service.spec?.clusterIPs ?? [];
      const why = whyNotBoth(addresses);
      if (why !== undefined) return judgeComplaints('a service with an address of each family', [`service ${name}: ${why}`]);
      const pods = onePodOfEachNode(made);
      const targets = addresses.map((address) => ({ url: `http://${bracket(address)}:80/hostname`, answers: made.pods.map((pod) => pod.name) }));
      const names = context.deployment.spec.dns.type === 'none' ? [] : addresses.map((address) => ({
        kind: 'service',
        question: { name: `${name}.${NAMESPACE}.svc.cluster.local.`, type: addressType(address) },
        records: [addressRecord(address)],
      }));
      return await until({
        what: 'both addresses of the service answer, and its names resolve to them',
        limitMs: KNOWN_LIMIT,
        signal: context.signal,
        attempt: async () => {
          const [reached, complaints] = await Promise.all([
            Promise.all([
              ...pods.map((pod) => reachFromPod(context, pod.name, targets)),
              ...nodesWithLogin(context).map((host) => reachFromHost(host, targets)),
            ]),
            askedInVain(context, pods.map((pod) => pod.name), names),
          ]);
          const judged = judgeReached(reached.flat());
          if (!judged.passed) return { observed: judged.observed };
          return complaints.length === 0 ? { value: judged } : { observed: complaints.join('; ') };
        },
      });
    } finally {
      await api.remove(`${SERVICES}/${name}`);
    }
  },
  sabotages: [
    {
      name: 'ipv6-services-dropped',
      // Over IPv6 alone: the other family still works.
      observed: /^(?!.*http:\/\/\d+\.).*pod \S+ → http:\/\/\[\S+\]:80\/hostname: .*timed out/,
      apply: faulty(async (context, mend) => {
        const network = networksOf(context.deployment.spec.network.serviceCIDR).find((cidr) => cidr.includes(':'));
        if (network === undefined) throw new Error('the cluster has no IPv6 network of Services');
        // From the pods of that node, before kube-proxy's rules turn the packets round.
        await addRule(last(nodes(context)), ['raw', 'PREROUTING', '-d', network, '-j', 'DROP'], mend, 'ip6tables');
      }),
    },
    {
      name: 'service-rules-lost',
      // kube-proxy is gone, so a new service has no rules of either family on that node.
      observed: /(pod|host) \S+ → http:\/\/\[\S+\]:80\/hostname: (?![ab]-)/,
      apply: faulty((context, mend) => loseServiceRules(context, 'all', mend)),
    },
  ],
};
