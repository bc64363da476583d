import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { closeSshMasters } from '../../../harness/machine/ssh.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { ApiClient } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';
import type { Backend } from '../../kubevirt/double/backend.ts';
import { containerBackend } from '../../kubevirt/double/container-backend.ts';
import { startDouble, type Double } from '../../kubevirt/double/double.ts';
import { machineImage } from '../provider/fixture.ts';
import { neighbours, until, type Neighbours } from './neighbours.ts';

/** Milliseconds: nothing is proved by it, a hang ends. */
export const LIMIT = { timeout: 240_000 };
/** Milliseconds of a test, and of a hook: longer than any wait in it, which tells more of a hang. */
const TEST_LIMIT = 900_000;

/** The management cluster of one test file. */
export interface Cluster {
  readonly plane: ControlPlane;
  readonly admin: ApiClient;
  readonly double: Double;
  /** Whose cluster it is as well. */
  readonly others: Neighbours;
}

export interface ClusterOptions {
  /** What plays the guests; a function when it has to be prepared. */
  readonly backend: Backend | (() => Promise<Backend>);
  /** Other people's namespaces, which every test has to leave as they were, with nothing else beside them. Default: true. */
  readonly neighbours?: boolean | 'looked at by the tests themselves';
}

/** Starts it before the tests of the file that calls this, and ends it after them. What the double could not do explains a failure. */
export function kubevirtCluster({ backend, neighbours: shared = true }: ClusterOptions): Cluster {
  vi.setConfig({ testTimeout: TEST_LIMIT, hookTimeout: TEST_LIMIT });
  const made: { -readonly [Part in keyof Cluster]?: Cluster[Part] } = {};
  beforeAll(async () => {
    made.plane = await startControlPlane();
    made.admin = await ApiClient.connect(made.plane.kubeconfig);
    made.double = await startDouble(made.plane, typeof backend === 'function' ? await backend() : backend);
    if (shared !== false) made.others = await neighbours(made.admin);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') return void process.stderr.write(`${made.double?.problems.slice(-5).join('\n') ?? ''}\n`);
    if (shared !== true) return;
    await made.others?.alone();
    await made.others?.untouched();
  });
  afterAll(async () => {
    await closeSshMasters();
    await made.double?.stop();
    made.admin?.close();
    await made.plane?.stop();
  });
  const part = <Part extends keyof Cluster>(name: Part): Cluster[Part] => {
    const found = made[name];
    if (found === undefined) throw new Error(`the cluster of this file has no ${name}`);
    return found as Cluster[Part];
  };
  return {
    get plane() {
      return part('plane');
    },
    get admin() {
      return part('admin');
    },
    get double() {
      return part('double');
    },
    get others() {
      return part('others');
    },
  };
}

/** Containers of the product's own machine image that run an SSH server and nothing else. */
export async function sshdBackend(): Promise<Backend> {
  return containerBackend({ image: await machineImage(), seeds: [], init: 'sshd' });
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly name: string }[];
}

/** The objects of a file in deploy/. */
export async function manifests(file: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(join(packageRoot, 'deploy', file), 'utf8')).map((document) => document.toJS() as Manifest);
}

export function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${group}${scope}/${kind.toLowerCase()}s/${metadata.name}`;
}

/** Applies files of deploy/; resolves when the authorizer, which hears of roles later, grants all that they give to service accounts. */
export async function deploy(admin: ApiClient, ...files: readonly string[]): Promise<void> {
  const all = (await Promise.all(files.map(manifests))).flat();
  for (const manifest of all) await admin.apply(pathOf(manifest), manifest);
  const bound = all.flatMap(({ metadata, roleRef, subjects = [] }) => {
    const { rules = [] } = all.find((role) => role.rules !== undefined && role.metadata.name === roleRef?.name) ?? {};
    const namespace = metadata.namespace ?? 'proofgrid';
    return rules.flatMap(({ apiGroups: [group = ''], resources: [name = ''], verbs: [verb = ''] }) => {
      const [resource = '', subresource] = name.split('/');
      return subjects.map((subject) => ({ user: `system:serviceaccount:proofgrid:${subject.name}`, resourceAttributes: { namespace, verb, group, resource, ...(subresource === undefined ? {} : { subresource }) } }));
    });
  });
  if (bound.length === 0) throw new Error(`${files.join(', ')} bind no role`);
  await until('the authorizer knows the roles', async () => (await Promise.all(bound.map(async (spec) => mayDo(admin, spec)))).every(Boolean));
}

/** Whether the API server would let the user do it. @param spec of a SubjectAccessReview */
export async function mayDo(admin: ApiClient, spec: object): Promise<boolean> {
  return (await admin.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec }))['status'].allowed as boolean;
}

/** Resolves when a pod with a gigabyte would be refused because of that quota: admission hears of quotas, and of what is used, later than we do. */
export async function quotaRefuses(admin: ApiClient, namespace: string, quota: string): Promise<void> {
  const resources = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } };
  const pod = { metadata: { name: 'probe' }, spec: { automountServiceAccountToken: false, containers: [{ name: 'probe', image: 'unused', resources }] } };
  const refused = async () => admin.create(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod).then(() => false, (error: unknown) => String(error).includes(`exceeded quota: ${quota}`));
  await until(`the quota ${quota} of ${namespace} refuses pods`, refused);
}

/** Users' requests so far, of the API server's audit log; the last line may be half written. */
export interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { readonly apiGroup?: string; readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
}

export async function audited(plane: ControlPlane): Promise<AuditEvent[]> {
  const lines = (await readFile(plane.auditLog, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}
