import { randomBytes } from 'node:crypto';
import type { Check, ClusterContext, Host } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { readOnlyDirectory } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { complaint, must } from '../machine.ts';
import { uniqueName } from '../unique.ts';

/** Apart from the images of pods: what lies here is collected when nothing refers to it. */
const NAMESPACE = 'proofgrid-e2e';
const CTR = ['ctr', '--namespace', NAMESPACE, 'content'] as const;
const SIZE = 65_536;

export const imageStore: Check = {
  name: 'image-store',
  title: 'The container engine of every node can store what it would pull',
  // Three commands on each machine.
  limitMs: 30_000,
  needs: ['machines'],
  blockedBy: ['nodes-ready'],
  skip: ({ deployment }) => (deployment.spec.runtime.name === 'containerd' ? undefined : `${deployment.spec.runtime.name} has no command that stores content without an image`),
  async run(context: ClusterContext) {
    const complaints = await Promise.all(nodes(context).map(complaintsAbout));
    return judgeComplaints(`${nodes(context).length} nodes store content`, complaints.flat());
  },
  sabotages: [
    {
      name: 'store-read-only',
      observed: /^\S+: content cannot be stored: exit code 1: .*read-only file system/,
      apply: faulty(async (context, mend) => readOnlyDirectory(last(nodes(context)), '/var/lib/containerd/io.containerd.content.v1.content', mend)),
    },
  ],
};

async function complaintsAbout(host: Host): Promise<string[]> {
  const name = uniqueName('content');
  const stored = await host.exec([...CTR, 'ingest', name], { input: randomBytes(SIZE / 2).toString('hex') });
  if (stored.exitCode !== 0) return [`${host.name}: content cannot be stored: ${complaint(stored)}`];
  // Some versions have collected it by now: nothing refers to it.
  const listed = (await must(host, [...CTR, 'list', '--quiet'])).split('\n').filter(Boolean);
  for (const digest of listed) await host.exec([...CTR, 'delete', digest]);
  return [];
}
