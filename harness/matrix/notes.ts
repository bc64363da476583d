import type { AxisValues } from './axis.ts';
import { isWrittenOut, rowOfContainerd } from './runtime.ts';
import type { MatrixDocument } from './schema.ts';
import { FULL_VERSION, RUNTIME_NAME } from './version.ts';

/** What a reader of a cell's plan and report should know of its versions. */
export function notesOf(document: MatrixDocument, values: AxisValues): string[] {
  const { versions } = document;
  const from = `comes from ${versions.source === 'go-module' ? 'Go modules' : 'upstream'}`;
  const notes: string[] = [];
  if (!versions.kubernetes.some(({ version }) => version === values.kubernetes)) {
    notes.push(`Kubernetes ${values.kubernetes} is not in ${versions.file}: it ${from}, and what it needs is taken from the nearest rows`);
  }
  if (FULL_VERSION.test(values.etcd) && !versions.etcd.some(({ version }) => version === values.etcd)) {
    notes.push(`etcd ${values.etcd} is not in ${versions.file}: it ${from}`);
  }
  const containerd = RUNTIME_NAME.exec(values.runtime)?.[2];
  if (containerd !== undefined && !isWrittenOut(document, values.runtime) && !versions.containerd.some(({ version }) => version === containerd)) {
    const { runc, 'cni-plugins': plugins } = rowOfContainerd(versions, containerd);
    notes.push(`containerd ${containerd} is not in ${versions.file}: it ${from}, with runc ${runc}${plugins === undefined ? '' : ` and the CNI plugins ${plugins}`} of the newest row`);
  }
  return notes;
}
