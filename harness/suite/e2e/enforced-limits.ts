import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import type { ClusterContext, Host } from '../check.ts';
import { must } from './machine.ts';
import { testPod } from './pod.ts';

/** MiB: the limit, and what is asked for beyond it. */
const MEMORY = { limit: 32, asked: 96 };
/** Cores, and seconds on the clock that a program tries to use more. */
const CPU = { limit: 0.1, seconds: 2 };
/** A period that has begun is paid in full, and the clock of a busy machine is late. */
const CPU_TOLERANCE = 2;
/** What a program gets that its own cgroup killed: 128 and SIGKILL. Who killed it is told a moment later, and not by all. */
const KILLED = 137;

/** busybox' dd has all of its block in memory. The second of `times` lines is what ended children have used. */
const SCRIPTS = {
  memory: `sleep 1; exec dd if=/dev/zero of=/dev/null bs=${MEMORY.asked}M count=1`,
  cpu: `timeout ${CPU.seconds} sh -c 'while :; do :; done'; times > /dev/termination-log`,
  // keeps the pod's cgroup while it is looked at
  rest: 'exec sleep 300',
} as const;
type Part = keyof typeof SCRIPTS;

/** A container that takes more memory than it may, one that takes more CPU, and one that does nothing. */
export function greedyPod(context: ClusterContext, node: string, name: string): V1Pod {
  const pod = testPod(context, { name, node, placedBy: 'direct' });
  const [base] = pod.spec?.containers ?? [];
  if (base === undefined) throw new Error('a test pod has a container');
  const { args: _, ...container } = base;
  const limits: Readonly<Record<Part, Readonly<Record<string, string>>>> = { memory: { memory: `${MEMORY.limit}Mi` }, cpu: { cpu: `${CPU.limit * 1000}m` }, rest: {} };
  const containers = (Object.keys(SCRIPTS) as Part[]).map((part) => ({ ...container, name: part, command: ['sh', '-c', SCRIPTS[part]], resources: { limits: { ...limits[part] } } }));
  // no network of its own: nobody asks it, and it starts sooner
  return { ...pod, spec: { ...pod.spec, containers, hostNetwork: true } };
}

/** How the two containers ended, once both have. */
export function endedParts(pod: V1Pod): Readonly<Record<'memory' | 'cpu', NonNullable<V1ContainerState['terminated']>>> | undefined {
  const ended = (part: Part) => pod.status?.containerStatuses?.find(({ name }) => name === part)?.state?.terminated;
  const [memory, cpu] = [ended('memory'), ended('cpu')];
  return memory === undefined || cpu === undefined ? undefined : { memory, cpu };
}

export function memoryComplaints({ reason, exitCode }: Pick<NonNullable<V1ContainerState['terminated']>, 'reason' | 'exitCode'>): string[] {
  if (reason === 'OOMKilled' || exitCode === KILLED) return [];
  return [`a container with a limit of ${MEMORY.limit} MiB has used ${MEMORY.asked} (${reason}, exit code ${exitCode})`];
}

export function cpuComplaints({ message = '' }: Pick<NonNullable<V1ContainerState['terminated']>, 'message'>): string[] {
  const used = secondsOf(message.trim().split('\n').at(-1) ?? '');
  if (used === undefined) return [`a container does not tell its CPU time: ${message.trim() || 'nothing'}`];
  const most = CPU.limit * CPU.seconds * CPU_TOLERANCE;
  return used <= most ? [] : [`a container with a limit of ${CPU.limit} CPU has used ${used.toFixed(1)} s of it in ${CPU.seconds} s`];
}

/** User and system time together, as `times` prints them: `0m0.19s 0m0.01s`. */
function secondsOf(line: string): number | undefined {
  const found = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return found.length === 2 ? found.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0) : undefined;
}

/** The drivers name a pod's cgroup `pod<uid>` and `kubepods-…-pod<uid>.slice`, there with underscores. */
const PIDS_SCRIPT = `import json, os, sys
uid = sys.argv[1]
root = '/sys/fs/cgroup/pids' if os.path.isdir('/sys/fs/cgroup/pids') else '/sys/fs/cgroup'
found = []
for top, names, files in os.walk(root):
    if os.path.basename(top).replace('_', '-').split('.')[0].endswith('pod' + uid):
        found.append(open(os.path.join(top, 'pids.max')).read().strip())
        names.clear()
print(json.dumps(found))
`;

/** What limits the processes of a pod on its machine, in the kernel's words. */
export async function pidsLimits(host: Host, uid: string): Promise<string[]> {
  return z.array(z.string()).parse(JSON.parse(await must(host, ['python3', '-I', '-c', PIDS_SCRIPT, uid])));
}
