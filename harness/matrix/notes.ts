import type { AxisValues } from './axis.ts';
import type { MatrixDocument } from './schema.ts';
import { FULL_VERSION, RUNTIME_NAME } from './version.ts';

/** What a reader of a cell's plan and report should know of its versions. */
export function notesOf({ axes, versions }: MatrixDocument, values: AxisValues): string[] {
  const from = `comes from ${versions.source === 'go-module' ? 'Go modules' : 'upstream'}`;
  const notes: string[] = [];
  if (!versions.kubernetes.some(({ version }) => version === values.kubernetes)) {
    notes.push(`Kubernetes ${values.kubernetes} is not in ${versions.file}: it ${from}, and what it needs is taken from the nearest rows`);
  }
  if (FULL_VERSION.test(values.etcd) && !versions.etcd.some(({ version }) => version === values.etcd)) {
    notes.push(`etcd ${values.etcd} is not in ${versions.file}: it ${from}`);
  }
  const containerd = RUNTIME_NAME.exec(values.runtime)?.[2];
  const writtenOut = axes.runtime.values.some((value) => typeof value !== 'string' && `${value.engine}-${value.version}` === values.runtime);
  if (containerd !== undefined && !writtenOut && !versions.containerd.some(({ version }) => version === containerd)) {
    notes.push(`containerd ${containerd} is not in ${versions.file}: it ${from}, with runc ${versions.containerd.at(-1)?.runc ?? ''} of the newest row`);
  }
  return notes;
}
