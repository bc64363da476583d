// A run in its own process, for a test to kill: acquires machines on the cluster of a kubeconfig, and then holds them.
import { readFileSync } from 'node:fs';
import { createKubevirtProvider } from '../../../harness/provider/kubevirt/provider.ts';
import { parseSite } from '../../../harness/provider/kubevirt/site.ts';
import type { LeaseRequest } from '../../../harness/provider/contract.ts';
import { processOwner } from '../../../harness/provider/owner.ts';

const [kubeconfig = '', siteFile = '', request = '{}'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const provider = createKubevirtProvider({ kubeconfig, site: parseSite(readFileSync(siteFile, 'utf8'), siteFile) });
say('begin');
const asked = JSON.parse(request) as Omit<LeaseRequest, 'owner'>;
const lease = await provider.acquire({ ...asked, owner: processOwner('killed') }, { signal: new AbortController().signal, report: say });
say(`acquired ${lease.id}`);
setInterval(() => undefined, 60_000);
