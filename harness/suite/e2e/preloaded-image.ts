import type { ClusterDeployment, Runtime } from '../../../lifecycle/cluster-deployment.ts';
import type { Host } from '../check.ts';
import { must } from './machine.ts';

type ImageArchive = ClusterDeployment['spec']['runtime']['images'][number];

/** containerd reports images with this label as pinned: https://github.com/containerd/containerd/pull/8867 */
const PIN = { label: 'io.cri-containerd.pinned', value: 'pinned' };
const CTR = ['ctr', '--namespace', 'k8s.io', 'images'];
/** Milliseconds: 100 MB unpack in four seconds. */
const LOAD_LIMIT = 120_000;

/** Whether the machine's engine has an image under this name. */
export async function holdsImage(host: Host, runtime: Runtime, reference: string): Promise<boolean> {
  // Only the exit code says it, and a missing image is an answer.
  if (runtime === 'docker') return (await host.exec(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference])).exitCode === 0;
  return (await must(host, [...CTR, 'list', '--quiet'])).split('\n').includes(reference);
}

/** Names of the images that containerd tells the kubelet never to remove. */
export async function pinnedImages(host: Host): Promise<string[]> {
  return (await must(host, [...CTR, 'list', '--quiet', `labels."${PIN.label}"==${PIN.value}`])).split('\n').filter((line) => line !== '');
}

export async function removeImage(host: Host, runtime: Runtime, { reference }: ImageArchive): Promise<void> {
  await must(host, runtime === 'docker' ? ['docker', 'image', 'rm', '--force', reference] : [...CTR, 'remove', '--sync', reference]);
}

/** As the playbooks load it. */
export async function loadImage(host: Host, runtime: Runtime, { reference, path }: ImageArchive): Promise<void> {
  if (runtime === 'docker') return void (await must(host, ['docker', 'load', '--input', path], { limitMs: LOAD_LIMIT }));
  await must(host, [...CTR, 'import', path], { limitMs: LOAD_LIMIT });
  await pinImage(host, reference, true);
}

export async function pinImage(host: Host, reference: string, pinned: boolean): Promise<void> {
  await must(host, [...CTR, 'label', reference, `${PIN.label}=${pinned ? PIN.value : ''}`]);
}
