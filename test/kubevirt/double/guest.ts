import { parse } from 'yaml';
import type { ApiObject } from '../api-client.ts';
import type { GuestConfiguration, GuestSpec } from './backend.ts';
import { machineOf, type Context } from './context.ts';
import { quantity } from './quantity.ts';

interface UserData {
  readonly hostname?: string;
  readonly ssh_authorized_keys?: readonly string[];
  readonly ssh_keys?: { readonly ed25519_private?: string; readonly ed25519_public?: string };
}

/** What a backend has to know about the machine behind a pod. */
export async function guestSpec(context: Context, instance: ApiObject, pod: ApiObject): Promise<GuestSpec> {
  const { namespace = '', name = '' } = instance.metadata;
  const { domain, volumes = [] } = instance['spec'] as { domain: Record<string, unknown>; volumes?: Record<string, unknown>[] };
  const resources = domain['resources'] as { requests?: Record<string, string>; limits?: Record<string, string> } | undefined;
  const memory = (domain['memory'] as { guest?: string } | undefined)?.guest ?? resources?.requests?.['memory'] ?? '1Gi';
  const cores = (domain['cpu'] as { cores?: number } | undefined)?.cores ?? 1;
  return {
    ...{ namespace, machine: name, pod: pod.metadata.name ?? '' },
    cpus: quantity(resources?.limits?.['cpu'] ?? String(cores)),
    memory: quantity(memory),
    guest: await configuration(context, instance, volumes),
    disks: claims(volumes),
    persistent: volumes.some((volume) => volume['dataVolume'] !== undefined || volume['persistentVolumeClaim'] !== undefined),
  };
}

/** Volume → claim. */
export function claims(volumes: readonly Record<string, unknown>[]): Record<string, string> {
  return Object.fromEntries(
    volumes.flatMap(({ name, dataVolume, persistentVolumeClaim }) => {
      const claim = (dataVolume as { name: string } | undefined)?.name ?? (persistentVolumeClaim as { claimName: string } | undefined)?.claimName;
      return claim === undefined ? [] : [[name as string, claim]];
    }),
  );
}

async function configuration({ client, faultOf }: Context, instance: ApiObject, volumes: readonly Record<string, unknown>[]): Promise<GuestConfiguration> {
  const { namespace = '', name = '' } = instance.metadata;
  const finishes = faultOf(namespace, machineOf(instance)) !== 'cloud-init-hangs';
  const seed = volumes.map((volume) => volume['cloudInitNoCloud'] as { secretRef?: { name: string } } | undefined).find((source) => source !== undefined);
  if (seed?.secretRef === undefined) return { hostname: name, authorizedKeys: [], finishes };
  const secret = await client.get(`/api/v1/namespaces/${namespace}/secrets/${seed.secretRef.name}`);
  // KubeVirt takes either spelling
  const encoded = (secret['data']?.userdata ?? secret['data']?.userData ?? '') as string;
  const text = Buffer.from(encoded, 'base64').toString();
  if (!text.startsWith('#cloud-config')) throw new Error(`the user data of ${namespace}/${name} does not begin with #cloud-config`);
  const user = parse(text) as UserData;
  const { ed25519_private: privateKey, ed25519_public: publicKey } = user.ssh_keys ?? {};
  return {
    hostname: user.hostname ?? name,
    authorizedKeys: user.ssh_authorized_keys ?? [],
    ...(privateKey === undefined || publicKey === undefined ? {} : { hostKey: { privateKey, publicKey } }),
    finishes,
  };
}
