import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, Pause } from '../contract.ts';
import { waitFor } from '../wait.ts';
import type { Context } from './context.ts';
import { hasStatus } from './kube/error.ts';
import { machineOfLease } from '../machine-of.ts';
import { namespaceOf } from './names.ts';
import type { VirtualMachineInstance } from './objects.ts';
import { provenLogins } from './power.ts';

/** Milliseconds: virt-handler stops the domain in well under a second, and says so with its next look. */
const LIMIT = 60_000;

/** virt-api's `pause` and `unpause` of an instance. Its pod goes on, so the address stays on every network. */
export function createPause(context: () => Promise<Context>): Pause {
  return {
    async pause(lease, name) {
      const machine = machineOfLease(lease, name);
      await turn(await context(), lease, name, true);
      await closeSshMasters([machine]);
    },
    async resume(lease, name, { signal, report }) {
      const machine = machineOfLease(lease, name);
      const current = await context();
      await turn(current, lease, name, false);
      await provenLogins(current, lease, [machine], signal);
      report(`machine ${name} goes on`);
    },
  };
}

/** Paused twice is paused: virt-api refuses with a conflict what is there already, and what is not running. */
async function turn({ client }: Context, lease: Lease, name: string, paused: boolean): Promise<void> {
  const namespace = namespaceOf(lease.id);
  const place = { kind: 'VirtualMachineInstance', namespace, name } as const;
  const is = async () => isPaused((await client.get<VirtualMachineInstance>(place))?.object);
  const path = `/apis/subresources.kubevirt.io/v1/namespaces/${encodeURIComponent(namespace)}/virtualmachineinstances/${encodeURIComponent(name)}/${paused ? 'pause' : 'unpause'}`;
  await client.text('PUT', path, { body: {} }).catch(async (error: unknown) => {
    if (!hasStatus(error, 409) || (await is()) !== paused) throw error;
  });
  await waitFor({ name: `${name} is ${paused ? 'paused' : 'no longer paused'}`, limitMs: LIMIT, intervalMs: 250 }, async () => ((await is()) === paused ? true : undefined));
}

function isPaused(instance: VirtualMachineInstance | undefined): boolean | undefined {
  if (instance?.status?.phase !== 'Running') return undefined;
  return instance.status.conditions?.some(({ type, status }) => type === 'Paused' && status === 'True') ?? false;
}
