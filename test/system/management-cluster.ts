import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa, type Options } from 'execa';
import { stringify } from 'yaml';
import { packageRoot } from '../../lifecycle/root.ts';
import { ApiClient } from '../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../kubevirt/control-plane.ts';
import { containerBackend } from '../kubevirt/double/container-backend.ts';
import { startDouble, type Double } from '../kubevirt/double/double.ts';
import { suppliesOf } from '../kubevirt/supplies.ts';

/** A cluster with KubeVirt for whole runs: a real control plane, and containers behind the double. */
export interface ManagementCluster {
  readonly plane: ControlPlane;
  readonly admin: ApiClient;
  readonly double: Double;
  /** Writes a site with these changes under `spec`, and resolves with its file. */
  site(name: string, change?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Starts the built command line, as a user of this cluster would. */
  proofgrid(words: readonly string[], options?: Pick<Options, 'env'>): ReturnType<typeof start>;
  /** Namespaces of leases by their uid, and whoever else's. */
  namespaces(): Promise<Map<string, string>>;
  stop(): Promise<void>;
}

/** @param topology whose machine image and binaries the guests have */
export async function startManagementCluster(topology: string): Promise<ManagementCluster> {
  const plane = await startControlPlane();
  const admin = await ApiClient.connect(plane.kubeconfig);
  const double = await startDouble(plane, containerBackend(await suppliesOf(topology)));
  return {
    ...{ plane, admin, double },
    async site(name, change = {}) {
      const file = path.join(plane.directory, `${name}.yaml`);
      await writeFile(file, stringify({ apiVersion: 'proofgrid.dev/v1alpha1', kind: 'Site', metadata: { name }, spec: { ...SPEC, ...change } }));
      return file;
    },
    proofgrid: (words, { env = {} } = {}) => start(words, { ...env, KUBECONFIG: plane.kubeconfig }),
    async namespaces() {
      const found = await admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/lease');
      return new Map(found.map(({ metadata }) => [metadata.name ?? '', metadata.uid ?? '']));
    },
    async stop() {
      await double.stop();
      admin.close();
      await plane.stop();
    },
  };
}

const SPEC = {
  images: { 'debian-12': { type: 'claim', namespace: 'images', name: 'debian-12' } },
  // the double's containers see the seeds where a golden image would have them
  seeds: 'baked',
  network: { type: 'bridge' },
  scheduling: { controlPlanes: 'preferred' },
};

function start(words: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  return execa(process.execPath, [path.join(packageRoot, 'bin', 'proofgrid.js'), ...words], { reject: false, all: true, cwd: packageRoot, env });
}
