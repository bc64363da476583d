// A run in its own process, for a test to kill: acquires machines on the cluster of a kubeconfig, uses them and releases them.
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { readFileSync } from 'node:fs';
import { createKubevirtProvider } from '../../../harness/provider/kubevirt/provider.ts';
import { parseSite } from '../../../harness/provider/kubevirt/site.ts';
import type { LeaseRequest } from '../../../harness/provider/contract.ts';
import { processOwner } from '../../../harness/provider/owner.ts';
import type { Moment } from './moments.ts';

const [kubeconfig = '', siteFile = '', request = '{}', wanted = '{}'] = process.argv.slice(2);
const moment = JSON.parse(wanted) as Moment;
const say = (line: string) => process.stdout.write(`${line}\n`);
const kill = () => process.kill(process.pid, 'SIGKILL');

let phase: Moment['phase'] = 'acquire';
let count = 0;
// Counted in requests, not in time: the moments are spread over a run's whole life on every machine alike.
subscribe('http.client.request.start', (message) => {
  const { path } = (message as { request: ClientRequest }).request;
  if (phase !== moment.phase) return;
  count += 1;
  if (typeof moment.request === 'number' ? count === moment.request : path.includes(moment.request)) setTimeout(kill, moment.delayMs);
});
/** A run that was to die in the phase before and had fewer requests than thought dies at its end. */
function enter(next: Moment['phase']): void {
  if (phase === moment.phase) kill();
  phase = next;
  say(next);
}

const provider = createKubevirtProvider({ ...(kubeconfig === '' ? {} : { kubeconfig }), site: parseSite(readFileSync(siteFile, 'utf8'), siteFile) });
say(phase);
const asked = JSON.parse(request) as Omit<LeaseRequest, 'owner'>;
const lease = await provider.acquire({ ...asked, owner: processOwner('killed') }, { signal: new AbortController().signal, report: () => undefined });
enter('steady');
for (let beats = 0; beats < 4; beats += 1) await provider.heartbeat(lease);
enter('release');
await provider.release(lease);
kill();
