import type { Round, Subject } from './subject.ts';

export interface Result {
  readonly name: string;
  /** Of every round, in order. */
  readonly seconds: readonly number[];
  readonly median: number;
  /** Medians of the parts. */
  readonly parts: Readonly<Record<string, number>>;
  readonly limit?: number;
  /** Median by the baseline's. */
  readonly ratio: number;
  readonly withinLimit: boolean;
  /** Part of the time that is ours alone: neither the machines nor Ansible and Kubernetes. 0 to 1. */
  readonly ownShare: number;
}

/** The middle, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('the median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** `reference` is the baseline's median in seconds. */
export function resultOf({ name, limit }: Pick<Subject, 'name' | 'limit'>, rounds: readonly Round[], reference: number): Result {
  const names = Object.keys(rounds[0]?.parts ?? {});
  const parts = Object.fromEntries(names.map((part) => [part, median(rounds.map((round) => round.parts[part] ?? 0))]));
  const middle = median(rounds.map(({ seconds }) => seconds));
  const ratio = middle / reference;
  return {
    name,
    seconds: rounds.map(({ seconds }) => seconds),
    median: middle,
    parts,
    ...(limit === undefined ? {} : { limit }),
    ratio,
    withinLimit: limit === undefined || ratio <= limit,
    ownShare: median(rounds.map((round) => (round.parts['proofgrid'] ?? 0) / round.seconds)),
  };
}

export function resultTable(results: readonly Result[]): string {
  const head = ['deploy', 'rounds (s)', 'median (s)', 'ratio', 'limit', 'within', 'parts (s)', 'own share'];
  const rows = results.map(({ name, seconds, median: middle, ratio, limit, withinLimit, parts, ownShare }) => [
    name,
    seconds.map((value) => value.toFixed(1)).join(' '),
    middle.toFixed(1),
    ratio.toFixed(2),
    limit === undefined ? '' : `${limit}`,
    limit === undefined ? '' : withinLimit ? 'yes' : 'NO',
    Object.entries(parts)
      .map(([part, value]) => `${part} ${value.toFixed(1)}`)
      .join(', '),
    'proofgrid' in parts ? `${(ownShare * 100).toFixed(1)} %` : '',
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
