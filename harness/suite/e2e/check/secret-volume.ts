import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { replaceFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { volumeReaches } from '../volume.ts';

export const secretVolume: Check = {
  name: 'secret-volume',
  title: 'A Secret mounted as a volume holds its value in a pod of every node',
  // Namespace, pods and one command each.
  limitMs: 90_000,
  blockedBy: ['etcd-health', 'api-groups-answer', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node'],
  run: (context) => volumeReaches(context, 'Secret'),
  sabotages: [
    {
      // Kubelets keep Secrets in memory only, and ask `mount` for it.
      name: 'tmpfs-refused',
      observed: /FailedMount: MountVolume\.SetUp failed for volume "data"/,
      apply: faulty((context, mend) =>
        replaceFile(last(nodes(context)), '/usr/bin/mount', '#!/bin/sh\necho "mount: tmpfs: permission denied" >&2\nexit 32\n', mend),
      ),
    },
  ],
};
