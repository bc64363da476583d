import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LeaseRequest, Progress } from '../../../harness/provider/contract.ts';
import { createKubevirtProvider, type KubevirtProvider, type KubevirtProviderOptions } from '../../../harness/provider/kubevirt/provider.ts';
import { parseSite, type Site } from '../../../harness/provider/kubevirt/site.ts';
import { processOwner } from '../../../harness/provider/owner.ts';

export const GIBIBYTE = 2 ** 30;
/** Milliseconds that a lease lives without a heartbeat: longer than any test, so that what is killed is orphaned, never expired. */
export const TIME_TO_LIVE = 1_800_000;
/** Milliseconds: nothing is proved by it, a hang ends. */
const HANG = 240_000;

/** A site on the double's cluster, as a file would have it. */
export function siteText(change: Record<string, unknown> = {}, name = 'test'): string {
  const spec = {
    images: { 'debian-12': { type: 'claim', namespace: 'images', name: 'debian-12' } },
    seeds: 'baked',
    storage: { root: '4Gi', etcd: '1Gi' },
    network: { type: 'bridge' },
    capacity: { cpus: 64, memory: '256Gi' },
    scheduling: { controlPlanes: 'preferred' },
    ...change,
  };
  return JSON.stringify({ apiVersion: 'proofgrid.dev/v1alpha1', kind: 'Site', metadata: { name }, spec }, null, 2);
}

export function site(change: Record<string, unknown> = {}, name = 'test'): Site {
  return parseSite(siteText(change, name), 'test-site.yaml');
}

export function provider(options: Omit<KubevirtProviderOptions, 'site'> & { readonly site?: Site }): KubevirtProvider {
  const made = createKubevirtProvider({ site: site(), removalLimitMs: HANG, quotaLimitMs: HANG, ...options });
  onTestFinished(async () => made.close());
  return made;
}

export function progress(signal: AbortSignal = new AbortController().signal, said: string[] = []): Progress {
  return { signal, report: (message) => void said.push(message) };
}

/** A directory for whoever removes it. */
export function scratch(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'kubevirt-test-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** A directory that goes when the test is over. */
export function temporary(): string {
  const { directory, remove } = scratch();
  onTestFinished(remove);
  return directory;
}

export function request(machines: number, change: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    cell: 'kubevirt-test',
    owner: processOwner('kubevirt-test'),
    timeToLive: TIME_TO_LIVE,
    machines: Array.from({ length: machines }, (_, index) => ({ name: `m${index + 1}`, cpus: 1, memory: GIBIBYTE, roles: ['worker'] as const })),
    image: 'unused',
    os: 'debian-12',
    seeds: [],
    virtualAddress: false,
    ...change,
    directory: change.directory ?? temporary(),
  };
}
