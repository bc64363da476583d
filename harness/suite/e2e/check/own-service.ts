import type { V1Service } from '@kubernetes/client-node';
import type { Check } from '../../check.ts';
import { bracket, kube, last, nodes } from '../api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture, onlyPod } from '../fixture.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { HTTP_PORT } from '../pod.ts';
import { judgeReached, onePodOfEachNode, reachFromPod } from '../reach.ts';
import { uniqueName } from '../unique.ts';
import { until } from '../wait.ts';

const SERVICES = `${NAMESPACE_PATH}/services`;
/** Milliseconds: endpoints and rules of a new service follow within one or two seconds. */
const KNOWN_LIMIT = 15_000;

export const ownService: Check = {
  name: 'own-service',
  title: 'A pod of every node reaches itself through a Service of which it is the only endpoint',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 100_000,
  blockedBy: ['etcd-health', 'leader-leases', 'nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'host-to-pod', 'proxy-mode', 'cluster-ip'],
  async run(context) {
    const api = kube(context);
    const pods = onePodOfEachNode(await fixture(context));
    const services = await Promise.all(
      pods.map(async ({ name }) => {
        const spec = { selector: onlyPod(name), ports: [{ port: 80, targetPort: HTTP_PORT }] };
        return api.post<V1Service>(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: { name: uniqueName('own'), namespace: NAMESPACE }, spec });
      }),
    );
    try {
      const ask = async () =>
        (await Promise.all(pods.map(async ({ name }, index) => reachFromPod(context, name, [{ url: `http://${bracket(services[index]?.spec?.clusterIP ?? '')}/hostname`, answers: [name] }])))).flat();
      return await until({
        what: 'every pod reaches its own service',
        limitMs: KNOWN_LIMIT,
        signal: context.signal,
        attempt: async () => {
          const judged = judgeReached(await ask());
          return judged.passed ? { value: judged } : { observed: judged.observed };
        },
      });
    } finally {
      await Promise.all(services.map(async ({ metadata }) => api.remove(`${SERVICES}/${metadata?.name}`)));
    }
  },
  sabotages: [
    {
      name: 'hairpin-dropped',
      observed: /pod \S+ → http:\/\/\S+\/hostname: .*timed out/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        // Masqueraded to the bridge's own address by kube-proxy, they come back to the pod that they left.
        for (const { address } of pods.filter(({ node }) => node === host.name)) {
          await addRule(host, ['mangle', 'FORWARD', '-m', 'conntrack', '--ctorigsrc', address, '--ctreplsrc', address, '-j', 'DROP'], mend);
        }
      }),
    },
  ],
};
