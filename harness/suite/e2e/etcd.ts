import { z } from 'zod';
import type { Host } from '../check.ts';
import { bracket } from './api-server.ts';
import { complaint, must } from './machine.ts';
import { ProductFault } from './product-fault.ts';

const PKI = '/etc/etcd/pki';
const CLIENT_PORT = 2379;

const identifier = z.string().regex(/^\d+$/);
const memberList = z.object({
  members: z.array(
    z.object({
      ID: identifier,
      /** Empty, and so left out, until the member has joined. */
      name: z.string().default(''),
      isLearner: z.boolean().default(false),
      peerURLs: z.array(z.string()).default([]),
    }),
  ),
});
const endpointStatus = z
  .array(
    z.object({
      Status: z.object({
        header: z.object({ member_id: identifier, cluster_id: identifier }),
        version: z.string(),
        /** Left out when the member knows no leader. */
        leader: identifier.default('0'),
        errors: z.array(z.string()).default([]),
      }),
    }),
  )
  .length(1);
const endpointHealth = z.array(z.object({ health: z.boolean(), error: z.string().default('') })).length(1);
const keyValues = z.object({ kvs: z.array(z.object({ key: z.string(), value: z.string().default('') })).default([]) });

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly learner: boolean;
  readonly peerURLs: readonly string[];
}

export interface MemberStatus {
  readonly id: string;
  /** Id of the cluster that the member is in. */
  readonly cluster: string;
  readonly version: string;
  /** Id of the leader that this member follows; `0` when it knows none. */
  readonly leader: string;
  /** Alarms and corruption, in etcd's words. */
  readonly errors: readonly string[];
}

/** etcd prints its 64-bit ids as JSON numbers, which JavaScript would round to the nearest double. */
export function parseEtcdJson(text: string): unknown {
  return JSON.parse(text.replaceAll(/"(ID|leader|member_id|cluster_id)":\s*(\d+)/g, '"$1":"$2"'));
}

export function parseMembers(text: string): Member[] {
  return memberList.parse(parseEtcdJson(text)).members.map(({ ID, name, isLearner, peerURLs }) => ({ id: ID, name, learner: isLearner, peerURLs }));
}

export function parseStatus(text: string): MemberStatus {
  const [only] = endpointStatus.parse(parseEtcdJson(text));
  if (only === undefined) throw new Error('unreachable: the schema wants one endpoint');
  const { header, version, leader, errors } = only.Status;
  return { id: header.member_id, cluster: header.cluster_id, version, leader, errors };
}

export function parseHealth(text: string): { readonly healthy: boolean; readonly error: string } {
  const [only] = endpointHealth.parse(parseEtcdJson(text));
  return { healthy: only?.health ?? false, error: only?.error ?? '' };
}

/** Value under a key as stored, or undefined. */
export function parseValue(text: string): Buffer | undefined {
  const [found] = keyValues.parse(parseEtcdJson(text)).kvs;
  return found === undefined ? undefined : Buffer.from(found.value, 'base64');
}

/** Words that run etcdctl on a member against that member alone, with its own certificate. */
export function etcdctl(host: Host, ...words: readonly string[]): string[] {
  const endpoint = `https://${bracket(host.address)}:${CLIENT_PORT}`;
  const identity = [`--cacert=${PKI}/ca.crt`, `--cert=${PKI}/server.crt`, `--key=${PKI}/server.key`];
  return ['env', 'ETCDCTL_API=3', 'etcdctl', `--endpoints=${endpoint}`, ...identity, '--command-timeout=5s', '-w', 'json', ...words];
}

export async function readMembers(host: Host): Promise<Member[]> {
  return parseMembers(await must(host, etcdctl(host, 'member', 'list')));
}

export async function readStatus(host: Host): Promise<MemberStatus> {
  return parseStatus(await must(host, etcdctl(host, 'endpoint', 'status')));
}

/** A linearizable read through the member: proves a quorum, not only a process. */
export async function readHealth(host: Host): Promise<{ healthy: boolean; error: string }> {
  const result = await host.exec(etcdctl(host, 'endpoint', 'health'));
  // An unhealthy member is a non-zero exit code with the JSON beside it.
  const line = result.stdout.split('\n').find((text) => text.startsWith('['));
  if (line === undefined) throw new ProductFault(`etcd on ${host.name} says its health`, complaint(result));
  return parseHealth(line);
}

export async function readValue(host: Host, key: string): Promise<Buffer | undefined> {
  return parseValue(await must(host, etcdctl(host, 'get', key)));
}
