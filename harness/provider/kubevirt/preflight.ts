import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Wish } from '../contract.ts';
import type { Context } from './context.ts';
import { hasStatus } from './kube/error.ts';
import { checkRequest } from './request.ts';
import { imageOf } from './site.ts';

const NEEDED = { KubeVirt: '/apis/kubevirt.io/v1', CDI: '/apis/cdi.kubevirt.io/v1beta1' } as const;

/**
 * Refuses, before anything is started, what this site can never have, and a cluster that has no KubeVirt.
 * @throws ProofgridError LEASE_REQUEST_IMPOSSIBLE, SITE_WITHOUT_IMAGE, VIRTUAL_ADDRESS_UNAVAILABLE, KUBEVIRT_MISSING (usage)
 */
export async function refuseImpossible({ client, site }: Pick<Context, 'client' | 'site'>, wishes: readonly Wish[], signal?: AbortSignal): Promise<void> {
  for (const wish of wishes) checkRequest(wish, site);
  const disks = wishes.some(({ os = '' }) => imageOf(site, os).type !== 'container-disk');
  for (const part of disks ? (['KubeVirt', 'CDI'] as const) : (['KubeVirt'] as const)) {
    await client.text('GET', NEEDED[part], { signal }).catch((error: unknown) => {
      // who may not look finds out when machines are made
      if (hasStatus(error, 403)) return;
      throw hasStatus(error, 404) ? missing(part, client.connection.server, error) : error;
    });
  }
}

function missing(part: keyof typeof NEEDED, server: string, cause: unknown): ProofgridError {
  return new ProofgridError({
    code: 'KUBEVIRT_MISSING',
    fault: 'usage',
    what: `the cluster at ${server} has no ${part}: it does not know ${NEEDED[part].slice('/apis/'.length)}`,
    remedy: `choose another context, or install ${part}${part === 'CDI' ? ', or use images of the type container-disk' : ''}`,
    cause,
  });
}
