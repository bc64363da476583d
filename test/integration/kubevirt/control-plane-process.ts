// A control plane in a process of its own, for a test to kill.
import { startControlPlane } from '../../kubevirt/control-plane.ts';

const { directory } = await startControlPlane();
process.send?.(directory);
setInterval(() => undefined, 60_000);
