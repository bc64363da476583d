/** Removes all older versions from etcd, by its gateway of JSON: https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/ */
export async function compact(etcdUrl: string): Promise<void> {
  const { header } = await post(`${etcdUrl}/v3/maintenance/status`, {});
  await post(`${etcdUrl}/v3/kv/compaction`, { revision: header.revision });
}

async function post(url: string, body: object): Promise<{ header: { revision: string } }> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { header: { revision: string } };
}
