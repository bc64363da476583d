import { createContainerProvider } from './container/provider.ts';
import type { Provider } from './contract.ts';

export const PROVIDERS = ['container', 'kubevirt'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

export interface ProviderChoice {
  readonly name: ProviderName;
  /** For kubevirt: a shipped site's name, or a file. Default: `PROOFGRID_SITE`, then the site `default`. */
  readonly site?: string | undefined;
}

/** The one place that knows all providers. Rejects with the errors of the site's file. */
export async function providerOf({ name, site = process.env['PROOFGRID_SITE'] }: ProviderChoice): Promise<Provider> {
  if (name === 'container') return createContainerProvider();
  // its client takes half a second to load, which runs on containers need not wait for
  const { openKubevirtProvider } = await import('./kubevirt/provider.ts');
  return openKubevirtProvider(site === undefined ? {} : { site });
}
