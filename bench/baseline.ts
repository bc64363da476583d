import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../lifecycle/root.ts';
import { sshHost } from '../harness/machine/ssh.ts';
import type { ClusterDeployment } from '../lifecycle/cluster-deployment.ts';
import type { Subject } from './subject.ts';
import { defaultCell, onMachines } from './workplace.ts';

/** Milliseconds: many times what it takes. */
const SCRIPT_LIMIT = 180_000;

/** The plain shell script, on the same machine image with the same binaries and images. */
export const baseline: Subject = {
  name: 'script',
  async round(signal) {
    const script = await readFile(path.join(packageRoot, 'bench/baseline/all-in-one.sh'), 'utf8');
    const cell = await defaultCell('all-in-one');
    const started = performance.now();
    return onMachines(cell, signal, async ({ prepared, machineSeconds }) => {
      const [machine] = prepared.lease.machines;
      if (machine === undefined) throw new Error('the lease has no machine');
      const settings = settingsOf(prepared.deployment);
      const { exitCode, stderr } = await sshHost(machine, [], { signal }).exec(['env', ...settings, 'sh', '-s'], { input: script, limitMs: SCRIPT_LIMIT });
      if (exitCode !== 0) throw new Error(`the baseline script failed: ${stderr.slice(-6000)}`);
      const seconds = (performance.now() - started) / 1000;
      return { seconds, parts: { machines: machineSeconds, script: seconds - machineSeconds } };
    });
  },
};

/** What the script's head describes. It has no packet filter of its own, no add-on but DNS, and one way of joining pods. */
function settingsOf({ spec: { kubernetes, etcd, runtime, dns, network, metrics } }: ClusterDeployment): string[] {
  if (metrics.type !== 'none' || network.policy.type !== 'none') throw new Error('the script deploys no add-on but DNS: extend it, or the comparison is unfair');
  return [
    `BIN=${directoryOf(kubernetes.binaries.source)}`,
    `ETCD=${directoryOf(etcd.binaries.source)}`,
    `PAUSE=${runtime.pauseImage}`,
    `ARCHIVES=${runtime.images.map((image) => image.path).join(' ')}`,
    `DNS=${dns.type === 'coredns' ? dns.image : ''}`,
  ];
}

function directoryOf(source: { readonly type: string; readonly path?: string }): string {
  if (source.path === undefined) throw new Error(`the script needs its binaries in a directory, not from a ${source.type}`);
  return source.path;
}
