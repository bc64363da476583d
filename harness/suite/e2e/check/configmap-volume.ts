import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { readOnlyDirectory } from '../fault/file.ts';
import { volumeReaches } from '../volume.ts';

export const configMapVolume: Check = {
  name: 'configmap-volume',
  title: 'A ConfigMap mounted as a volume holds its value in a pod of every node',
  // Namespace, pods and one command each.
  limitMs: 90_000,
  blockedBy: ['etcd-health', 'api-groups-answer', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node'],
  run: (context) => volumeReaches(context, 'ConfigMap'),
  sabotages: [
    {
      name: 'kubelet-disk-read-only',
      observed: /read-only file system/,
      apply: faulty((context, mend) => readOnlyDirectory(last(nodes(context)), '/var/lib/kubelet/pods', mend)),
    },
  ],
};
