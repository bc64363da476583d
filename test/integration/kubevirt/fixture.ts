import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LeaseRequest, Progress } from '../../../harness/provider/contract.ts';
import { createKubevirtProvider, type KubevirtProvider, type KubevirtProviderOptions } from '../../../harness/provider/kubevirt/provider.ts';
import { parseSite, type Site } from '../../../harness/provider/kubevirt/site.ts';
import { processOwner } from '../../../harness/provider/owner.ts';

export const GIBIBYTE = 2 ** 30;

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

/** Milliseconds that a stage may take in a test of its failure; the longest of a success here is a second. */
export const SHORT_LIMITS = {
  ...{ scheduled: 4000, 'disk bound': 4000, 'image imported': 4000, running: 20_000, address: 4000, 'cloud-init finished': 10_000, 'ssh login': 20_000 },
} as const;

export function provider(options: Omit<KubevirtProviderOptions, 'site'> & { readonly site?: Site }): KubevirtProvider {
  const made = createKubevirtProvider({ site: site(), ...options });
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
    timeToLive: 120_000,
    machines: Array.from({ length: machines }, (_, index) => ({ name: `m${index + 1}`, cpus: 1, memory: GIBIBYTE, roles: ['worker'] as const })),
    image: 'unused',
    os: 'debian-12',
    seeds: [],
    virtualAddress: false,
    ...change,
    directory: change.directory ?? temporary(),
  };
}
