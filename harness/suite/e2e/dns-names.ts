import { isIPv6 } from 'node:net';
import type { ClusterContext } from '../check.ts';
import { dig, type Answer, type Question, type Transport } from './dig.ts';

/** One kind of name, and all records that asking for it must bring. */
export interface ExpectedName {
  /** As a person calls it: `headless service`. */
  readonly kind: string;
  readonly question: Question;
  /** Sorted; the weight of an SRV record is its server's own business and left out. */
  readonly records: readonly string[];
}

const TRANSPORTS = ['UDP', 'TCP'] as const;

/** Asks for every name over UDP and over TCP from every pod given, and says what came back wrong. */
export async function askedInVain(context: ClusterContext, pods: readonly string[], names: readonly ExpectedName[]): Promise<string[]> {
  const asked = pods.flatMap((pod) => TRANSPORTS.map((transport) => ({ pod, transport })));
  const complaints = await Promise.all(
    asked.map(async ({ pod, transport }) => {
      const answers = await dig(context, pod, transport, names.map(({ question }) => question));
      return names.flatMap((name, index) => {
        const why = whyWrong(name, transport, answers[index]);
        return why === undefined ? [] : [`pod ${pod}, ${name.kind} ${name.question.name} over ${transport}: ${why}`];
      });
    }),
  );
  return complaints.flat();
}

export function whyWrong({ records }: ExpectedName, transport: Transport, answer: Answer | undefined): string | undefined {
  if (answer === undefined || answer.transport === undefined) return answer?.status ?? 'no answer';
  if (answer.transport !== transport) return `answered over ${answer.transport}`;
  const found = answer.records.map(withoutWeight);
  if (found.join('\n') === records.join('\n')) return undefined;
  return found.length === 0 ? `${answer.status}, no records` : `${found.join(', ')} instead of ${records.join(', ')}`;
}

function withoutWeight(record: string): string {
  return record.replace(/^SRV (\d+) \d+ /, 'SRV $1 ');
}

/** `A 10.96.0.1`, or `AAAA fd00::1`. */
export function addressRecord(address: string): string {
  return `${addressType(address)} ${address}`;
}

export function addressType(address: string): 'A' | 'AAAA' {
  return isIPv6(address) ? 'AAAA' : 'A';
}
