import type { V1ContainerState } from '@kubernetes/client-node';

/** Seconds that a container takes what it may not have. */
export const SPIN = 2;
/** Of one core. Linux gives it in slices of 10 ms out of each 100. */
const CPU_SHARE = 0.1;
/** What a container may be above its share: a core that was not limited is far above it even on a busy machine. */
const TOLERANCE = 2.5;
/** USER_HZ, in which /proc/PID/stat counts; 100 on every architecture of Linux that Kubernetes runs on (proc(5)). */
const TICKS = 100;
const MOST_TICKS = Math.round(SPIN * TICKS * CPU_SHARE * TOLERANCE);

type Ended = V1ContainerState['terminated'];

/** What is wrong with how the two containers ended. */
export function judgeLimits({ memory, cpu }: { readonly memory: Ended | undefined; readonly cpu: Ended | undefined }): string[] {
  // Docker and some kernels end the shell before the kubelet hears of the reason, with the signal's exit code.
  const killed = memory?.reason === 'OOMKilled' || memory?.exitCode === 137;
  const used = Number(cpu?.message?.trim() || Number.NaN);
  return [
    ...(killed ? [] : [`a container used four times its memory: ${memory?.message?.trim() || `exit code ${memory?.exitCode}`}`]),
    ...(used <= MOST_TICKS ? [] : [`a container with a tenth of a core used ${Number.isNaN(used) ? 'nobody knows how many' : used} ticks of ${TICKS} a second in ${SPIN} s`]),
  ];
}
