import { join } from 'node:path';
import type { Progress } from '../../provider/contract.ts';
import type { Store } from '../cache/store.ts';
import type { MachineImage, MachineImageRequest } from '../contract.ts';
import type { MirrorOptions } from '../debian/mirror.ts';
import { dockerArchive } from '../image/docker-archive.ts';
import type { Entry } from '../recipe.ts';
import { chooseEngine, ensureLoaded, loadLock, type Engine } from './engine.ts';
import { ETCD_LAYER, etcdLayerRecipe } from './etcd-layer.ts';
import { machineRootRecipe, ROOT_ARCHIVE } from './root.ts';

/** systemd's own signal for an orderly power-off: systemd(1). */
const STOP_SIGNAL = 'SIGRTMIN+3';

interface Workshop {
  readonly store: Store;
  readonly mirrors: MirrorOptions | undefined;
  readonly engine: Engine | undefined;
}

/** The image of machines with this system, runtime and etcd, built when needed and loaded into the container engine. */
export async function obtainMachineImage(
  { os, runtime, etcd }: MachineImageRequest,
  { store, mirrors, engine: asked }: Workshop,
  progress: Progress,
): Promise<MachineImage> {
  const engine = asked ?? (await chooseEngine());
  const root = await store.obtain(machineRootRecipe(os, runtime, mirrors), progress);
  const etcdLayer = await store.obtain(etcdLayerRecipe(etcd), progress);
  const settings = {
    layers: [layer(root, ROOT_ARCHIVE), layer(etcdLayer, ETCD_LAYER)],
    config: {
      Cmd: ['/sbin/init'],
      Env: ['container=podman'],
      StopSignal: STOP_SIGNAL,
      Labels: { 'dev.proofgrid.os': os, 'dev.proofgrid.runtime': runtime ?? 'none' },
    },
  };
  // The id covers the configuration and every layer but not the name, so the name can hold it.
  const { id } = dockerArchive({ ...settings, reference: '' });
  const digest = id.slice(0, 32);
  const reference = `localhost/proofgrid/machine:${digest}`;
  const archive = dockerArchive({ ...settings, reference });
  await ensureLoaded(
    {
      engine,
      reference,
      archive,
      name: `the machine image ${os} with ${runtime ?? 'no container engine'} and etcd ${etcd.version}`,
      lockFile: loadLock(store.directory, digest),
    },
    progress,
  );
  return { reference, digest, packages: { ...root.facts, etcd: etcd.version } };
}

function layer({ key, directory, sha256 }: Entry, name: string) {
  const sum = sha256[name];
  if (sum === undefined) throw new Error(`cache entry ${key} has no ${name}`);
  return { file: join(directory, name), sha256: sum };
}
