// A control plane and its double in a process of their own, with machines that have an sshd and nothing else: for the
// benchmark, which measures another process. Prints where it is as one line of JSON, and ends with its standard input.
import { once } from 'node:events';
import { startControlPlane } from './control-plane.ts';
import { containerBackend } from './double/container-backend.ts';
import { startDouble } from './double/double.ts';
import { suppliesOf } from './supplies.ts';

/** The one user whose requests the audit log has. */
const USER = 'runner';

const { image } = await suppliesOf('all-in-one');
const plane = await startControlPlane();
try {
  const double = await startDouble(plane, containerBackend({ image, seeds: [], init: 'sshd' }));
  try {
    const kubeconfig = await plane.kubeconfigOf(USER, ['system:masters']);
    process.stdout.write(`${JSON.stringify({ kubeconfig, auditLog: plane.auditLog, user: USER })}\n`);
    process.stdin.resume();
    await once(process.stdin, 'end');
  } finally {
    process.stderr.write(double.problems.slice(-5).map((problem) => `${problem}\n`).join(''));
    await double.stop();
  }
} finally {
  await plane.stop();
}
