import { ProofgridError } from '../../../lifecycle/error.ts';
import { pidNamespace, processOwner } from '../owner.ts';
import type { Context } from './context.ts';
import { parseLease, renewal, type LeaseFacts } from './lease.ts';
import { namespaceOf } from './names.ts';
import type { Namespace, VirtualMachineInstance } from './objects.ts';
import { runnerPod } from './runner-pod.ts';

/** The lease as its namespace has it now. @throws ProofgridError LEASE_GONE */
export async function readLease({ client, clock }: Context, id: string, cell: string): Promise<LeaseFacts> {
  const answer = await client.get<Namespace>({ kind: 'Namespace', name: namespaceOf(id) });
  if (answer !== undefined) clock.heard(answer.date);
  const facts = answer === undefined ? undefined : parseLease(answer.object);
  if (facts === undefined || facts.terminating !== undefined) throw gone(id, cell);
  return facts;
}

/**
 * Renews a lease, with one request. Whoever renews it owns it from now on: a resumed run takes over the machines of the run
 * before it. A merge patch, because an apply would make a namespace that is gone again.
 * @throws ProofgridError LEASE_GONE when it has been released or reaped
 */
export async function renewLease(context: Context, facts: Pick<LeaseFacts, 'id' | 'cell' | 'uid' | 'owner' | 'timeToLive' | 'kept' | 'runnerPod'>, annotations: Readonly<Record<string, string>> = {}): Promise<LeaseFacts> {
  const { client, clock } = context;
  const { id, cell, uid, timeToLive, kept } = facts;
  const pod = await runnerPod(client);
  const owner = { ...processOwner(facts.owner.run), pidNamespace: pidNamespace(), ...(pod === undefined ? {} : { runnerPod: pod }) };
  const metadata = { uid, annotations: { ...renewal(owner, clock.now(), timeToLive, kept), ...annotations } };
  const answer = await client.merge<Namespace>({ kind: 'Namespace', name: namespaceOf(id) }, { metadata });
  if (answer !== undefined) clock.heard(answer.date);
  const renewed = answer === undefined ? undefined : parseLease(answer.object);
  if (renewed === undefined || renewed.terminating !== undefined) throw gone(id, cell);
  return renewed;
}

/** Those machines of a lease that should run and do not, with what the cluster says; one request. */
export async function lostMachines({ client, instances }: Context, id: string, machines: readonly string[], off: ReadonlySet<string>): Promise<string[]> {
  const namespace = namespaceOf(id);
  const { items } = await client.list<VirtualMachineInstance>({ kind: 'VirtualMachineInstance', namespace });
  return machines.filter((name) => !off.has(`${id}/${name}`)).flatMap((name) => {
    const instance = items.find(({ metadata }) => metadata.name === name);
    const known = instances.get(`${id}/${name}`);
    if (instance === undefined) return [`${name} (its VirtualMachineInstance is gone)`];
    // KubeVirt makes an instance that was deleted anew, and what ran in it is gone all the same
    if (known !== undefined && instance.metadata.uid !== known) return [`${name} (another VirtualMachineInstance runs in its place)`];
    return instance.status?.phase === 'Running' ? [] : [`${name} (${instance.status?.phase ?? 'no phase'})`];
  });
}

/** @throws ProofgridError MACHINE_LOST */
export async function refuseLost(context: Context, { id, cell, machines }: Pick<LeaseFacts, 'id' | 'cell' | 'machines'>, off: ReadonlySet<string>): Promise<void> {
  const lost = await lostMachines(context, id, machines, off);
  if (lost.length === 0) return;
  throw new ProofgridError({
    code: 'MACHINE_LOST',
    fault: 'infrastructure',
    what: `machines of lease ${id} of cell ${cell} do not run any more: ${lost.join(', ')}`,
    remedy: 'whatever failed since then is the infrastructure; run it again',
  });
}

export function gone(id: string, cell: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'LEASE_GONE',
    fault: 'infrastructure',
    what: `lease ${id} of cell ${cell} does not exist any more`,
    remedy: 'start the run again',
    ...(cause === undefined ? {} : { cause }),
  });
}
