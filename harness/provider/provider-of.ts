import { createContainerProvider } from './container/provider.ts';
import type { Provider } from './contract.ts';
import { openKubevirtProvider } from './kubevirt/provider.ts';

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
  return openKubevirtProvider(site === undefined ? {} : { site });
}
