import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../lifecycle/root.ts';
import { sshHost } from '../harness/machine/ssh.ts';
import type { Subject } from './subject.ts';
import { defaultCell, onMachines } from './workplace.ts';

/** Milliseconds: many times what it takes. */
const SCRIPT_LIMIT = 180_000;

/** The plain shell script, on the same machine with the same binaries; `tuned` with a kubelet that reports every second. */
export function baseline(tuned: boolean): Subject {
  return {
    name: tuned ? 'script, 1 s node status' : 'script',
    async round(signal) {
      const script = await readFile(path.join(packageRoot, 'bench/baseline/all-in-one.sh'), 'utf8');
      const cell = await defaultCell('all-in-one');
      const started = performance.now();
      return onMachines(cell, signal, async ({ prepared, machineSeconds }) => {
        const [machine] = prepared.lease.machines;
        if (machine === undefined) throw new Error('the lease has no machine');
        const { kubernetes, etcd, runtime } = prepared.deployment.spec;
        const settings = [
          `BIN=${directoryOf(kubernetes.binaries.source)}`,
          `ETCD=${directoryOf(etcd.binaries.source)}`,
          `PAUSE=${runtime.pauseImage}`,
          `TUNED=${tuned ? 1 : 0}`,
        ];
        const { exitCode, stderr } = await sshHost(machine, [], { signal }).exec(['env', ...settings, 'sh', '-s'], { input: script, limitMs: SCRIPT_LIMIT });
        if (exitCode !== 0) throw new Error(`the baseline script failed: ${stderr.slice(-1000)}`);
        const seconds = (performance.now() - started) / 1000;
        return { seconds, parts: { machines: machineSeconds, script: seconds - machineSeconds } };
      });
    },
  };
}

function directoryOf(source: { readonly type: string; readonly path?: string }): string {
  if (source.path === undefined) throw new Error(`the script needs its binaries in a directory, not from a ${source.type}`);
  return source.path;
}
