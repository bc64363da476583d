import type { ClusterContext, Host, Observation } from '../check.ts';
import { execInPod } from './exec.ts';
import { bracket } from './api-server.ts';
import type { Fixture } from './fixture.ts';
import { must } from './machine.ts';
import { HTTP_PORT } from './pod.ts';
import type { RunningPod } from './pod.ts';

/** One HTTP request that must be answered, and by whom. */
export interface Target {
  readonly url: string;
  /** Bodies of which one must come back: names of pods. */
  readonly answers: readonly string[];
}

export interface Reached extends Target {
  readonly from: string;
  readonly ok: boolean;
  /** Whether anybody answered. */
  readonly answered: boolean;
  /** The body, or why there is none. */
  readonly answer: string;
}

/** Seconds for one request: a healthy one takes milliseconds, and a dropped packet is sent again after one second. */
const REQUEST_LIMIT = 3;

/** All requests at once, so that an unreachable cluster costs one limit and not one for each. busybox 1.35 crashes on `wget -T`. */
const POD_SCRIPT = `n=0
get() {
  answer=$(timeout ${REQUEST_LIMIT} wget -q -O - "$2" 2>&1)
  case $? in
    0) echo "$1 ok $answer" ;;
    124|143) echo "$1 no timed out" ;;
    *) echo "$1 no $answer" ;;
  esac
}
for url; do
  n=$((n+1))
  get $n "$url" &
done
wait`;

const HOST_SCRIPT = `import sys, urllib.request
from concurrent.futures import ThreadPoolExecutor
client = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def get(url):
    try:
        return 'ok ' + client.open(url, timeout=${REQUEST_LIMIT}).read().decode()
    except Exception as error:
        return 'no ' + str(getattr(error, 'reason', error))
with ThreadPoolExecutor(16) as pool:
    for n, line in enumerate(pool.map(get, sys.argv[1:]), 1):
        print(n, ' '.join(line.split()))
`;

export async function reachFromPod(context: ClusterContext, pod: string, targets: readonly Target[], namespace?: string): Promise<Reached[]> {
  const urls = targets.map(({ url }) => url);
  const { stdout } = await execInPod(context, pod, ['sh', '-c', POD_SCRIPT, 'reach', ...urls], namespace);
  return readReached(`pod ${pod}`, targets, stdout);
}

/** With Python, which every machine has for Ansible's sake. */
export async function reachFromHost(host: Host, targets: readonly Target[]): Promise<Reached[]> {
  const urls = targets.map(({ url }) => url);
  return readReached(`host ${host.name}`, targets, await must(host, ['python3', '-I', '-c', HOST_SCRIPT, ...urls]));
}

/** Reads lines of `<number> ok|no <text>`, in any order; a request without a line has failed. */
export function readReached(from: string, targets: readonly Target[], output: string): Reached[] {
  const lines = new Map(
    [...output.matchAll(/^(\d+) (ok|no) ?(.*)$/gm)].map(([, number, verdict, text]) => [Number(number), { verdict, text: text ?? '' }]),
  );
  return targets.map((target, index) => {
    const { verdict, text } = lines.get(index + 1) ?? { verdict: 'no', text: 'no result' };
    const answered = verdict === 'ok';
    return { ...target, from, ok: answered && target.answers.includes(text.trim()), answered, answer: text.trim() };
  });
}

/** Green when every request was answered by whom it should; there must be some. */
export function judgeReached(reached: readonly Reached[]): Observation {
  const failures = reached.filter(({ ok }) => !ok);
  const shown = failures.slice(0, 6).map(({ from, url, answer }) => `${from} → ${url}: ${answer || 'no answer'}`);
  const more = failures.length > shown.length ? ` and ${failures.length - shown.length} more` : '';
  return {
    passed: failures.length === 0 && reached.length > 0,
    expected: `${reached.length} of ${reached.length} requests answered`,
    observed: failures.length === 0 ? `${reached.length} of ${reached.length} requests answered` : `${shown.join('; ')}${more}`,
  };
}

/** The first of each node's pods. */
export function onePodOfEachNode({ pods }: Pick<Fixture, 'pods'>): RunningPod[] {
  return pods.filter(({ node }, index) => pods.findIndex((other) => other.node === node) === index);
}

/** How a pod is asked for its name. */
export function podTarget({ name, address }: RunningPod): Target {
  return { url: `http://${bracket(address)}:${HTTP_PORT}/hostname`, answers: [name] };
}
