import type { ClusterContext } from '../../check.ts';
import { execInPod } from '../exec.ts';
import { urlOf, type Flow, type PolicyPod } from './stage.ts';

/** What came back of many requests of one flow. */
export interface Volley {
  readonly flow: Flow;
  readonly answered: number;
  readonly refused: number;
}

/** Each URL is asked about ten times a second from inside the pod, so that no gap of a tenth of a second goes unseen. */
const SCRIPT = `end=$(($(date +%s) + $1)); shift; n=0
ask() {
  yes=0; no=0
  while [ "$(date +%s)" -lt "$end" ]; do
    if timeout 3 wget -q -O /dev/null "$2" 2>/dev/null; then yes=$((yes+1)); else no=$((no+1)); fi
    sleep 0.08
  done
  echo "$1 $yes $no"
}
for url; do
  n=$((n+1))
  ask $n "$url" &
done
wait`;

/** Requests of all flows, which start in one pod, for so many seconds. */
export async function volley(context: ClusterContext, from: PolicyPod, flows: readonly Flow[], seconds: number): Promise<Volley[]> {
  const { stdout } = await execInPod(context, from.name, ['sh', '-c', SCRIPT, 'volley', String(seconds), ...flows.map(urlOf)], from.namespace);
  return readVolley(flows, stdout);
}

/** Reads lines of `<number> <answered> <refused>`, in any order; a flow without a line was never asked. */
export function readVolley(flows: readonly Flow[], output: string): Volley[] {
  const lines = new Map([...output.matchAll(/^(\d+) (\d+) (\d+)$/gm)].map(([, number, yes, no]) => [Number(number), { answered: Number(yes), refused: Number(no) }]));
  return flows.map((flow, index) => ({ flow, ...(lines.get(index + 1) ?? { answered: 0, refused: 0 }) }));
}

export const countOf = (volleys: readonly Volley[]): number => volleys.reduce((sum, { answered, refused }) => sum + answered + refused, 0);

/** What was answered though denied, or refused though allowed; a flow that nobody asked about proves nothing. */
export function volleyComplaints(volleys: readonly Volley[], expected: 'allowed' | 'denied'): string[] {
  return volleys.flatMap(({ flow, answered, refused }) => {
    const wrong = expected === 'allowed' ? refused : answered;
    const what = `${expected} pod ${flow.from.name} → ${urlOf(flow)}`;
    if (answered + refused === 0) return [`${what}: never asked`];
    return wrong === 0 ? [] : [`${what}: ${expected === 'allowed' ? 'refused' : 'answered'} ${wrong} of ${answered + refused} times`];
  });
}
