import { expect, test } from 'vitest';
import type { Context } from '../../../../harness/provider/kubevirt/context.ts';
import { listLeases } from '../../../../harness/provider/kubevirt/list.ts';
import { ANNOTATION, LABEL, namespaceOf } from '../../../../harness/provider/kubevirt/names.ts';

function namespace(id: string, created: string) {
  return {
    metadata: {
      name: namespaceOf(id),
      labels: { [LABEL.lease]: id, [LABEL.site]: 'lab', [LABEL.cell]: 'small' },
      annotations: {
        [ANNOTATION.owner]: JSON.stringify({ run: 'r1', pid: 7, startTime: '1', bootId: 'of another host' }),
        [ANNOTATION.created]: created,
        [ANNOTATION.expires]: '2026-11-27T21:00:00Z',
        [ANNOTATION.timeToLive]: '120000',
        [ANNOTATION.kept]: 'true',
        [ANNOTATION.machines]: 'control-plane-1,worker-1',
      },
    },
  };
}

test("the site's leases are listed oldest first; an owner on another host is unknown, and a broken namespace is nobody's", async () => {
  const items = [namespace('000000000002', '2026-11-27T20:00:00Z'), namespace('000000000001', '2026-11-27T19:00:00Z'), { metadata: { name: 'proofgrid-x', labels: {} } }];
  const asked: unknown[] = [];
  const context = {
    site: { name: 'lab' },
    clock: { heard: () => undefined },
    client: { list: async (place: unknown, options: unknown) => (asked.push(place, options), { items, date: undefined }) },
  } as unknown as Context;
  const leases = await listLeases(context);
  expect(leases.map(({ id }) => id)).toEqual(['000000000001', '000000000002']);
  expect(leases[0]).toEqual({
    ...{ id: '000000000001', cell: 'small', run: 'r1', machines: ['control-plane-1', 'worker-1'], kept: true },
    owner: { pid: 7, state: 'unknown' },
    created: new Date('2026-11-27T19:00:00Z'),
    expires: new Date('2026-11-27T21:00:00Z'),
  });
  expect(asked).toMatchObject([{ kind: 'Namespace' }, { labelSelector: `${LABEL.lease},${LABEL.site}=lab` }]);
});
