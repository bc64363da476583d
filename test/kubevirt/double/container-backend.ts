import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineCommand, succeed } from '../../../harness/provider/container/engine-command.ts';
import { machineFiles, STATE_DIRECTORIES, type MachineFiles } from '../../../harness/provider/container/keys.ts';
import { leaseLabels, type LeaseFacts } from '../../../harness/provider/container/labels.ts';
import { writeLeaseState } from '../../../harness/provider/container/lease-volume.ts';
import { containerName, containerSpec } from '../../../harness/provider/container/machine-spec.ts';
import { createNetwork, type NetworkPlan } from '../../../harness/provider/container/network.ts';
import { podmanEngine } from '../../../harness/provider/container/podman.ts';
import { removeLease } from '../../../harness/provider/container/removal.ts';
import { generateKey } from '../../../harness/provider/ssh-keys.ts';
import type { Seed } from '../../../harness/provider/contract.ts';
import { pidNamespace, processOwner } from '../../../harness/provider/owner.ts';
import type { Backend, GuestSpec } from './backend.ts';
import { containerDisks } from './container-disks.ts';

export interface ContainerBackendOptions {
  /** Local image of the container engine. */
  readonly image: string;
  readonly seeds: readonly Seed[];
  /** `sshd`: nothing but an SSH server, for tests of many machines. */
  readonly init?: 'systemd' | 'sshd';
}

/** One namespace's machines, as a lease of the container provider: `proofgrid reap` removes it should the test be killed. */
interface Cell {
  readonly lease: string;
  readonly mountpoint: string;
  readonly network: NetworkPlan;
  readonly labels: Readonly<Record<string, string>>;
  readonly name: string;
  readonly machines: string[];
}

/** Guests as containers with systemd, made by the container provider's own parts. */
export function containerBackend({ image, seeds, init = 'systemd' }: ContainerBackendOptions): Backend {
  const command = engineCommand('podman');
  const engine = podmanEngine(command);
  const disks = containerDisks(command);
  const cells = new Map<string, Promise<Cell>>();
  const cellOf = async (namespace: string) => {
    const known = cells.get(namespace) ?? createCell(namespace);
    cells.set(namespace, known);
    return known;
  };

  async function createCell(namespace: string): Promise<Cell> {
    const facts = leaseFacts(namespace);
    const labels = leaseLabels(facts);
    const name = `proofgrid-${facts.id}`;
    const mountpoint = await engine.createVolume(name, labels);
    await writeLeaseState(mountpoint, facts);
    const network = await createNetwork(engine, { name, pool: '10.214', labels, virtualAddress: true });
    return { lease: facts.id, mountpoint, network, labels, name, machines: [] };
  }

  return {
    async start(spec) {
      const cell = await cellOf(spec.namespace);
      const container = containerName(cell.lease, spec.machine);
      const index = cell.machines.includes(spec.machine) ? cell.machines.indexOf(spec.machine) : cell.machines.push(spec.machine) - 1;
      const address = cell.network.address(index);
      const files = machineFiles(cell.mountpoint, spec.machine);
      if (spec.persistent && (await engine.state(container)) !== undefined) {
        await disks.exchange({ container, files, mountpoint: cell.mountpoint }, spec);
        await engine.start(container);
        return address;
      }
      await engine.removeContainers([container]);
      await rm(files.root, { recursive: true, force: true });
      await layOut(files, spec);
      const base = containerSpec({
        ...{ lease: cell.lease, address, network: cell.name, image, seeds, files, labels: cell.labels },
        request: { name: spec.machine, cpus: spec.cpus, memory: spec.memory },
      });
      const cloudInit = cloudInitMounts(files).map((mount) => ({ ...mount, readOnly: true }));
      const only = init === 'sshd' ? { entrypoint: '/bin/sh', arguments: ['-c', 'mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e'] } : {};
      await engine.createContainer({ ...base, ...only, mounts: [...base.mounts, ...cloudInit] });
      await engine.start(container);
      disks.attach(container, spec.disks);
      return address;
    },
    async saveDisk(namespace, machine, volume, name) {
      const { lease, mountpoint } = await cellOf(namespace);
      await disks.save({ container: containerName(lease, machine), files: machineFiles(mountpoint, machine), mountpoint }, volume, name);
    },
    async fillDisk(namespace, claim, name) {
      await disks.fill((await cellOf(namespace)).mountpoint, claim, name);
    },
    async stop(namespace, machine) {
      if (!cells.has(namespace)) return;
      const { lease } = await cellOf(namespace);
      const container = containerName(lease, machine);
      const state = await engine.state(container);
      // podman sends no signal to a frozen process: the guest may live for some milliseconds before it is cut
      if (state === 'paused') await succeed(command, 'podman', ['unpause', container]);
      if (state !== undefined) await engine.kill(container);
    },
    async pause(namespace, machine) {
      await succeed(command, 'podman', ['pause', containerName((await cellOf(namespace)).lease, machine)]);
    },
    async unpause(namespace, machine) {
      await succeed(command, 'podman', ['unpause', containerName((await cellOf(namespace)).lease, machine)]);
    },
    async console(namespace, machine) {
      return engine.logs(containerName((await cellOf(namespace)).lease, machine));
    },
    async outside(namespace, machine, file) {
      const container = containerName((await cellOf(namespace)).lease, machine);
      const root = (await succeed(command, 'podman', ['inspect', '--format', '{{.GraphDriver.Data.MergedDir}}', container])).trim();
      return readFile(join(root, file), 'utf8');
    },
    async alive(namespace, machine) {
      return (await engine.state(containerName((await cellOf(namespace)).lease, machine))) === 'running';
    },
    async clear(namespace) {
      const cell = cells.get(namespace);
      if (cell === undefined) return;
      const { lease } = await cell;
      const left = await removeLease(engine, lease);
      if (left.length > 0) throw new Error(`the double could not remove ${left.join(', ')}`);
      cells.delete(namespace);
    },
  };
}

function leaseFacts(namespace: string): LeaseFacts {
  const created = new Date();
  return {
    id: createHash('sha256').update(`${namespace}/${created.getTime()}`).digest('hex').slice(0, 12),
    cell: `kubevirt-double-${namespace}`,
    owner: processOwner('kubevirt-double'),
    namespace: pidNamespace(),
    ...{ created, expires: new Date(created.getTime() + 3_600_000), timeToLive: 3_600_000 },
    machines: ['any'],
    kept: false,
  };
}

/** What cloud-init would have written. */
async function layOut(files: MachineFiles, { guest, machine }: GuestSpec): Promise<void> {
  await mkdir(files.ssh, { recursive: true, mode: 0o700 });
  await writeFile(join(files.ssh, 'authorized_keys'), guest.authorizedKeys.map((key) => `${key}\n`).join(''), { mode: 0o600 });
  for (const [directory, mode] of Object.entries(STATE_DIRECTORIES)) await mkdir(join(files.root, directory), { mode });
  if (guest.hostKey === undefined) await generateKey(files.hostKey, machine);
  else {
    await writeFile(files.hostKey, guest.hostKey.privateKey, { mode: 0o600 });
    await writeFile(`${files.hostKey}.pub`, `${guest.hostKey.publicKey.trim()}\n`);
  }
  const program = join(files.root, 'cloud-init');
  await writeFile(program, cloudInitProgram(guest.finishes));
  await chmod(program, 0o755);
  await writeFile(join(files.root, 'boot-finished'), '');
}

/** `cloud-init status [--wait] [--format json]`, https://docs.cloud-init.io/en/latest/reference/cli.html#status */
function cloudInitProgram(finishes: boolean): string {
  const state = finishes ? 'done' : 'running';
  return `#!/bin/sh
case " $* " in *" --wait "*) ${finishes ? ':' : 'exec sleep infinity'} ;; esac
case " $* " in
  *json*) echo '{"status": "${state}", "extended_status": "${state}", "errors": [], "recoverable_errors": {}, "boot_status_code": "enabled-by-generator", "detail": "DataSourceNoCloud"}' ;;
  *) echo "status: ${state}" ;;
esac
`;
}

function cloudInitMounts(files: MachineFiles): { source: string; target: string }[] {
  return [
    { source: join(files.root, 'cloud-init'), target: '/usr/bin/cloud-init' },
    { source: join(files.root, 'boot-finished'), target: '/var/lib/cloud/instance/boot-finished' },
  ];
}
