// A run in its own process, for a test to kill: acquires machines on the cluster of a kubeconfig, and takes a checkpoint of them.
import { readFileSync } from 'node:fs';
import type { LeaseRequest } from '../../../harness/provider/contract.ts';
import { createKubevirtProvider } from '../../../harness/provider/kubevirt/provider.ts';
import { parseSite } from '../../../harness/provider/kubevirt/site.ts';
import { processOwner } from '../../../harness/provider/owner.ts';

const [kubeconfig = '', siteFile = '', request = '{}'] = process.argv.slice(2);
const progress = { signal: new AbortController().signal, report: () => undefined };
const provider = createKubevirtProvider({ kubeconfig, site: parseSite(readFileSync(siteFile, 'utf8'), siteFile) });
const asked = JSON.parse(request) as Omit<LeaseRequest, 'owner'>;
const lease = await provider.acquire({ ...asked, owner: processOwner('killed') }, progress);
const checkpoints = await provider.checkpoints?.(lease);
if (checkpoints === undefined || 'missing' in checkpoints) throw new Error(checkpoints?.missing);
process.stdout.write(`${lease.id}\n`);
await checkpoints.take('killed', progress);
