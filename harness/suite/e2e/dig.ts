import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { ClusterContext } from '../check.ts';
import { execInPod } from './exec.ts';

export type Transport = 'UDP' | 'TCP';

export interface Question {
  /** What the pod asks for: absolute with a dot at the end, otherwise completed by its search domains; for PTR an address. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV' | 'PTR';
}

export interface Answer {
  /** `NOERROR`, `NXDOMAIN`, … or why nothing was answered. */
  readonly status: string;
  /** How it came. */
  readonly transport: Transport | undefined;
  /** Type and value, sorted: `A 10.96.0.1`. */
  readonly records: readonly string[];
}

/** Two seconds for one question: a healthy server answers in milliseconds. TCP repeats a lost packet itself. */
const PATIENCE = { UDP: ['+notcp', '+time=1', '+tries=2'], TCP: ['+tcp', '+time=2', '+tries=1'] };

/**
 * Questions side by side, their answers in the order of the questions: of a server that does not answer, dig says that more
 * than once and not to which question.
 */
const SCRIPT = `options=$1 place=$(mktemp -d) n=0
shift
for question; do
  n=$((n+1))
  dig $options $question > "$place/$n" &
done
wait
for i in $(seq $n); do
  echo ---
  cat "$place/$i"
done
rm -r "$place"`;

const output = z.array(
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('MESSAGE'),
      message: z.object({
        socket_protocol: z.enum(['UDP', 'TCP']),
        response_message_data: z.object({ status: z.string(), ANSWER_SECTION: z.array(z.string()).default([]) }),
      }),
    }),
    z.object({ type: z.literal('DIG_ERROR'), message: z.string() }),
  ]),
);

/** Asks the DNS server of a pod's own resolv.conf from inside the pod; one answer for each question, in their order. */
export async function dig(context: ClusterContext, pod: string, transport: Transport, questions: readonly Question[]): Promise<Answer[]> {
  const options = ['+yaml', '+search', ...PATIENCE[transport]].join(' ');
  const asked = questions.map(({ name, type }) => (type === 'PTR' ? `-x ${name}` : `${name} ${type}`));
  const { stdout, stderr } = await execInPod(context, pod, ['sh', '-c', SCRIPT, 'dig', options, ...asked]);
  const answers = readAnswers(stdout);
  if (answers.length !== questions.length) throw new Error(`dig gave ${answers.length} answers to ${questions.length} questions: ${stderr || stdout}`);
  return answers;
}

/** Reads one document of `dig +yaml` for each question: https://bind9.readthedocs.io/en/stable/manpages.html#dig-dns-lookup-utility */
export function readAnswers(text: string): Answer[] {
  // dig writes timestamps with a tag that only YAML 1.1 knows.
  const documents = parseAllDocuments(text, { schema: 'yaml-1.1' });
  return [...documents].map((document) => {
    const entries = output.parse(document.toJS() ?? []);
    const answer = entries.find((each) => each.type === 'MESSAGE');
    const failure = entries.find((each) => each.type === 'DIG_ERROR');
    if (answer === undefined) return { status: failure?.message.trim() ?? 'no answer', transport: undefined, records: [] };
    const { socket_protocol: transport, response_message_data: data } = answer.message;
    return { status: data.status, transport, records: data.ANSWER_SECTION.map(recordOf).sort() };
  });
}

/** `web.example. 5 IN A 10.96.0.1` → `A 10.96.0.1` */
function recordOf(line: string): string {
  const [, , , type, ...value] = line.split(/\s+/);
  return [type, ...value].join(' ');
}
