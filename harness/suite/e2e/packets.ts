import { isIPv6 } from 'node:net';
import type { ClusterContext } from '../check.ts';
import { bracket } from './api-server.ts';
import { execInPod } from './exec.ts';
import { HTTP_PORT, UDP_PORT, type RunningPod } from './pod.ts';

/** How much of each kind goes one way and comes back. A path that loses one packet in three loses none of 30 once in 200,000 times. */
export const PACKETS = { small: 30, full: 15, stream: 2 } as const;
/** Of one pair's datagrams; a busy network drops one now and then, a broken one drops more. */
const TOLERATED = 1;
/** Datagrams of one pair that are under way at a time; the rest follow one after the other. */
const LANES = 5;
/** Seconds: netexec gives a datagram 5 s, and three that are lost one after the other are reason enough. */
const LANE_LIMIT = 12;
/** Bytes. netexec reads 2048 at a time. */
const LARGEST_DATAGRAM = 1900;
/** Bytes of a stream's request and of its answer: many full packets in both directions. */
const STREAM = 24_000;

/**
 * Asks the pod's own netexec to send datagrams, for busybox has no client that tells what was lost, and sends streams itself.
 * Prints one line for each target: `<number> <small answered> <full answered> <streams answered> <MTU>`. Arguments: targets as
 * `<host for netexec>,<host for URLs>`.
 */
const SCRIPT = `mtu=$(cat /sys/class/net/eth0/mtu)
full=$((mtu-HEADERS)); [ $full -gt ${LARGEST_DATAGRAM} ] && full=${LARGEST_DATAGRAM}
letters() { head -c "$1" /dev/zero | tr '\\0' x; }
big=$(letters $((full-5))); stream=$(letters ${STREAM})
work=$(mktemp -d)
lane() {
  timeout ${LANE_LIMIT} wget -q -O - "http://127.0.0.1:${HTTP_PORT}/dial?host=$2&port=${UDP_PORT}&protocol=udp&tries=$4&request=echo%20$3" > "$work/$1" 2>/dev/null
}
streamed() { timeout ${LANE_LIMIT} wget -q -O - "http://$2:${HTTP_PORT}/echo?msg=$stream" > "$work/$1" 2>/dev/null; }
n=0
for target; do
  n=$((n+1)); dial=\${target%%,*}; url=\${target##*,}
  for l in $(seq ${LANES}); do
    lane $n.small.$l "$dial" q$n ${PACKETS.small / LANES} &
    lane $n.full.$l "$dial" "$big" ${PACKETS.full / LANES} &
  done
  for l in $(seq ${PACKETS.stream}); do streamed $n.stream.$l "$url" & done
done
wait
answered() { cat "$work"/$1.* 2>/dev/null | grep -o "\\"$2\\"" | wc -l; }
streams() { for file in "$work"/$1.*; do [ "$(cat "$file")" = "$stream" ] && echo whole; done | wc -l; }
n=0
for target; do
  n=$((n+1))
  echo "$n $(answered $n.small q$n) $(answered $n.full "$big") $(streams $n.stream) $mtu"
done
rm -r "$work"`;

export interface Arrived {
  readonly from: RunningPod;
  readonly to: RunningPod;
  readonly small: number;
  readonly full: number;
  readonly streams: number;
  /** Bytes, of the sender's interface. */
  readonly mtu: number;
}

/** Packets of both kinds from one pod to each of the others, and back. @throws ProductFault */
export async function sendPackets(context: ClusterContext, from: RunningPod, to: readonly RunningPod[]): Promise<Arrived[]> {
  const targets = to.map(({ address }) => `${address},${bracket(address)}`);
  // of IP and UDP: RFC 791, RFC 8200, RFC 768
  const headers = isIPv6(from.address) ? 48 : 28;
  const { stdout } = await execInPod(context, from.name, ['sh', '-c', SCRIPT.replace('HEADERS', String(headers)), 'packets', ...targets]);
  return readArrived(stdout, from, to);
}

/** A target without a line has got nothing. */
export function readArrived(output: string, from: RunningPod, to: readonly RunningPod[]): Arrived[] {
  const lines = new Map([...output.matchAll(/^(\d+) (\d+) (\d+) (\d+) (\d+)$/gm)].map((found) => [Number(found[1]), found.slice(2).map(Number)]));
  return to.map((target, index) => {
    const [small = 0, full = 0, streams = 0, mtu = 0] = lines.get(index + 1) ?? [];
    return { from, to: target, small, full, streams, mtu };
  });
}

/** What of it says that the path is broken, in both directions: an answer may be lost as well as a question. */
export function packetComplaints(arrived: readonly Arrived[]): string[] {
  return arrived.flatMap(({ from, to, small, full, streams, mtu }) => {
    const where = `pod ${from.name} ↔ pod ${to.name}`;
    return [
      ...(small >= PACKETS.small - TOLERATED ? [] : [`${where}: ${PACKETS.small - small} of ${PACKETS.small} small datagrams lost`]),
      ...(full >= PACKETS.full - TOLERATED ? [] : [`${where}: ${PACKETS.full - full} of ${PACKETS.full} datagrams as large as the MTU of ${mtu} lost`]),
      ...(streams === PACKETS.stream ? [] : [`${where}: ${PACKETS.stream - streams} of ${PACKETS.stream} streams of full packets stuck`]),
    ];
  });
}

interface Datagrams {
  readonly address: string;
  readonly port: number;
  /** A command of netexec: `hostname`. */
  readonly request: string;
  readonly count: number;
}

const DIAL = `work=$(mktemp -d)
for l in $(seq "$1"); do timeout ${LANE_LIMIT} wget -q -O "$work/$l" "$2" 2>/dev/null & done
wait
for file in "$work"/*; do cat "$file"; echo; done
rm -r "$work"`;

/** What came back of datagrams that a pod sent all at once, each from a port of its own. @throws ProductFault */
export async function dialDatagrams(context: ClusterContext, pod: string, { address, port, request, count }: Datagrams): Promise<string[]> {
  const query = new URLSearchParams({ host: address, port: String(port), protocol: 'udp', tries: '1', request });
  const { stdout } = await execInPod(context, pod, ['sh', '-c', DIAL, 'dial', String(count), `http://127.0.0.1:${HTTP_PORT}/dial?${query}`]);
  return [...stdout.matchAll(/"responses":\["([^"]*)"\]/g)].map(([, answer = '']) => answer);
}
