import { expect, test } from 'vitest';
import { KubeError } from '../../../../harness/provider/kubevirt/kube/error.ts';
import type { Place } from '../../../../harness/provider/kubevirt/kube/path.ts';
import { removeLease } from '../../../../harness/provider/kubevirt/removal.ts';
import { parseSite } from '../../../../harness/provider/kubevirt/site.ts';

const site = parseSite(JSON.stringify({
  apiVersion: 'proofgrid.dev/v1alpha1',
  kind: 'Site',
  metadata: { name: 'test' },
  spec: { images: { 'debian-12': { type: 'claim', namespace: 'images', name: 'debian-12' } }, network: { type: 'bridge' } },
}), 'site.yaml');
const shadowed = { id: '0123456789ab', runnerPod: { name: 'runner', namespace: 'runners', uid: '1' } };

/** A context in which the namespace goes at once, and the removal of the shadow is answered with this status. */
function answering(status: number | undefined): { context: Parameters<typeof removeLease>[0]; removed: string[] } {
  const removed: string[] = [];
  const client = {
    get: async () => undefined,
    remove: async ({ kind, name }: Place) => {
      if (kind === 'Lease' && status !== undefined) throw new KubeError('DELETE', { status, reason: '', message: 'no', unsent: false });
      removed.push(`${kind}/${name}`);
    },
  };
  return { context: { client, site } as never, removed };
}

test('the runner\'s shadow goes with the lease', async () => {
  const { context, removed } = answering(undefined);
  expect(await removeLease(context, shadowed)).toEqual([]);
  expect(removed).toEqual(['Namespace/proofgrid-0123456789ab', 'Lease/proofgrid-0123456789ab']);
});

test('a shadow that this user may not touch is left to the garbage collector: nothing of the lease remains', async () => {
  const { context } = answering(403);
  expect(await removeLease(context, shadowed)).toEqual([]);
});

test('a shadow that cannot be removed for another reason is a failure', async () => {
  const { context } = answering(500);
  await expect(removeLease(context, shadowed)).rejects.toThrow('HTTP 500');
});
