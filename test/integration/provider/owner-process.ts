// A run in its own process, for a test to kill: acquires machines, says which lease, and then holds it.
import { createContainerProvider } from '../../../harness/provider/container/provider.ts';
import type { LeaseRequest } from '../../../harness/provider/contract.ts';
import { processOwner } from '../../../harness/provider/owner.ts';

const request = JSON.parse(process.argv[2] ?? '{}') as Omit<LeaseRequest, 'owner'>;
const provider = createContainerProvider();
const say = (line: string) => process.stdout.write(`${line}\n`);
const signal = new AbortController().signal;
say('begin');
const lease = await provider.acquire({ ...request, owner: processOwner('killed') }, { signal, report: say });
if (process.argv[3] === 'keep') await provider.keep(lease, Number(process.argv[4]));
say(`acquired ${JSON.stringify(lease)}`);
setInterval(() => undefined, 60_000);
