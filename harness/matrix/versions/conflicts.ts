import type { AxisValues } from '../axis.ts';
import type { Conflict } from '../constraint.ts';
import { engineOf } from '../runtime.ts';
import type { MatrixDocument } from '../schema.ts';
import { inRanges, minorOf } from '../version.ts';
import type { Needs, None } from './schema.ts';

/** What the row of the combination's Kubernetes says against its other values; empty when they fit. */
export function versionConflicts(document: MatrixDocument, values: AxisValues): Conflict[] {
  const facts = document.versions.factsOf(values.kubernetes);
  const { engine, version, runc } = engineOf(document, values);
  const minor = minorOf(values.kubernetes);
  const conflict = (subject: string, reason: string, source: string): Conflict => ({ constraint: `kubernetes-${minor}-${subject}`, reason, source });
  const unfit = (subject: string, fact: Needs | None, present: string | undefined): Conflict[] => {
    if ('none' in fact) return [conflict(subject, fact.none, fact.source)];
    if (present === undefined || inRanges(present, fact.range)) return [];
    return [conflict(subject, `Kubernetes ${minor} needs ${subject} ${fact.range}: ${fact.reason}`, fact.source)];
  };
  const refused = (subject: string, fact: object | None, wanted: boolean): Conflict[] =>
    wanted && 'none' in fact ? [conflict(subject, fact.none, fact.source)] : [];
  return [
    ...unfit('etcd', facts.etcd, values.etcd),
    ...unfit(engine, facts[engine], version),
    ...unfit('runc', facts.runc, runc),
    ...refused('flannel', facts.flannel, values.network.startsWith('flannel-')),
    ...refused('dual-stack', facts['dual-stack'], values.families === 'dual-stack'),
    ...refused('nftables', facts.nftables, values.proxy === 'nftables'),
  ];
}
