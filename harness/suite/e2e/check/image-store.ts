import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { readOnlyDirectory } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { storeComplaint } from '../image-store.ts';
import { judgeComplaints } from '../judge.ts';
import { uniqueName } from '../unique.ts';

export const imageStore: Check = {
  name: 'image-store',
  title: 'The container engine of every node stores an image, unpacks it, and reads it again',
  // Three commands on each machine.
  limitMs: 60_000,
  needs: ['machines'],
  blockedBy: ['etcd-health', 'nodes-ready'],
  async run(context) {
    const { name } = context.deployment.spec.runtime;
    const complaints = await Promise.all(nodes(context).map(async (host) => {
      const complaint = await storeComplaint(host, name, `localhost/${uniqueName('proofgrid-e2e')}:proof`);
      return complaint === undefined ? [] : [`${host.name}: ${complaint}`];
    }));
    return judgeComplaints(`${nodes(context).length} nodes that store images`, complaints.flat());
  },
  sabotages: [
    {
      name: 'store-read-only',
      observed: /^\S+: an image cannot be stored: .*read-only file system/,
      apply: faulty(async (context, mend) => readOnlyDirectory(last(nodes(context)), `/var/lib/${context.deployment.spec.runtime.name}`, mend)),
    },
  ],
};
