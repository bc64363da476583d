import type { Check } from '../../check.ts';
import { nodes } from '../api-server.ts';
import { addressRecord, askedInVain } from '../dns-names.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { onePodOfEachNode } from '../reach.ts';
import { uniqueName } from '../unique.ts';
import { checkedZone, serveZone } from '../upstream-resolver.ts';
import { until } from '../wait.ts';

/** For documentation (RFC 5737): nobody's address, and no packet is sent there. */
const ADDRESS = '192.0.2.10';
/** Milliseconds: CoreDNS calls an upstream dead after two failures, and asks it again half a second later. */
const UPSTREAM_LIMIT = 15_000;

export const dnsExternalName: Check = {
  name: 'dns-external-name',
  title: 'A pod of every node resolves a name outside of the cluster, which an upstream resolver knows, over UDP and over TCP',
  // Our resolver and the pods may have to start first (60 s each).
  limitMs: 180_000,
  needs: ['document'],
  blockedBy: ['etcd-health', 'leader-leases', 'api-groups-answer', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'proxy-mode', 'cluster-ip', 'api-service', 'dns'],
  skip(context) {
    const { dns } = context.deployment.spec;
    if (dns.type === 'none') return dns.reason;
    return checkedZone(context) === undefined ? 'spec.dns.stubDomains has no zone whose server is an address of the service network, where this check could serve it' : undefined;
  },
  async run(context) {
    const zone = checkedZone(context);
    if (zone === undefined) throw new Error('skip() lets no cluster without such a zone pass');
    const made = await fixture(context);
    // A new name each time: CoreDNS caches answers of upstreams, failures too.
    const name = `${uniqueName('www')}.${zone.zone}`;
    const stop = await serveZone(context, zone, { [name]: ADDRESS });
    try {
      const pods = onePodOfEachNode(made).map((pod) => pod.name);
      const names = [{ kind: 'name', question: { name: `${name}.`, type: 'A' as const }, records: [addressRecord(ADDRESS)] }];
      const fine = `${name} over UDP and TCP from ${pods.length} pods`;
      return await until({
        what: fine,
        limitMs: UPSTREAM_LIMIT,
        signal: context.signal,
        attempt: async () => {
          const judged = judgeComplaints(fine, await askedInVain(context, pods, names));
          return judged.passed ? { value: judged } : { observed: judged.observed };
        },
      });
    } finally {
      await stop();
    }
  },
  sabotages: [
    {
      name: 'upstream-unreachable',
      observed: /name www-\S+ over (UDP|TCP): (SERVFAIL, no records|no servers could be reached)/,
      apply: faulty(async (context, mend) => {
        const zone = checkedZone(context);
        if (zone === undefined) throw new Error('the cluster has no such zone');
        for (const host of nodes(context)) {
          for (const protocol of ['udp', 'tcp']) await addRule(host, ['raw', 'PREROUTING', '-d', zone.address, '-p', protocol, '--dport', '53', '-j', 'DROP'], mend);
        }
      }),
    },
  ],
};
