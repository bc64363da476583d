import { expect, onTestFinished, test } from 'vitest';
import { watchCell } from '../../../../harness/provider/kubevirt/cell-view.ts';
import { fakeApi, json, status } from './kube/fake-api.ts';

test('a list that is refused ends the watches of the other kinds, too', async () => {
  let open = 0;
  let begun = 0;
  const refuse: (() => void)[] = [];
  const api = await fakeApi((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (pathname.endsWith('/persistentvolumeclaims')) return void refuse.push(() => json(response, 403, status(403, 'Forbidden')));
    if (searchParams.get('watch') === null) return json(response, 200, { metadata: { resourceVersion: '5' }, items: [] });
    open += 1;
    begun += 1;
    response.on('close', () => (open -= 1));
    response.writeHead(200);
    response.flushHeaders();
  });
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const view = watchCell(api.client, 'n', abort.signal).catch((error: unknown) => error);
  await expect.poll(() => [begun, refuse.length], { timeout: 15_000 }).toEqual([3, 1]);
  refuse[0]?.();
  expect(String(await view)).toContain('HTTP 403');
  await expect.poll(() => open, { timeout: 15_000 }).toBe(0);
});
