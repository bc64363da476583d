import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DocumentError, parseDocument, readDocument, type ReadDocument } from '../../../lifecycle/document.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { bytes, MEMORY_PATTERN } from '../../matrix/quantity.ts';
import { siteProblems } from './site-rules.ts';
import { DNS_LABEL, IMAGE, LABEL_KEY, LABEL_VALUE, REGISTRY_URL, SUBDOMAIN, SUBDOMAIN_LENGTH } from './syntax.ts';

const label = z.string().regex(DNS_LABEL, 'must be an RFC 1123 label');
/** Of a claim, a secret, a class: what Kubernetes would refuse only when the machine is to start. */
const objectName = z.string().regex(SUBDOMAIN, 'must be the name of an object: lower-case letters, digits, hyphens and dots').max(SUBDOMAIN_LENGTH);
const PORT = 'must be a port, 1 to 65535';
const text = z.string().trim().min(1, 'must not be empty');
const quantity = z.string({ error: 'must be a quantity such as 20Gi' }).regex(MEMORY_PATTERN, 'must be a quantity such as 20Gi')
  .refine((value) => bytes(value) > 0, 'must be more than nothing');
/** A number without its unit is bytes, and CDI would make a disk of 20. */
const diskSize = quantity.refine((value) => bytes(value) >= 2 ** 20, 'must be at least 1Mi; without a unit it is bytes');
const labelKey = z.string().regex(LABEL_KEY, 'must be the key of a label').max(SUBDOMAIN_LENGTH + 64);
const labelValue = z.string().regex(LABEL_VALUE, 'must be the value of a label');
const labels = z.record(labelKey, labelValue);

const image = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('claim'), namespace: label, name: objectName }).describe('A golden PersistentVolumeClaim, or the DataVolume that made it; cloned'),
  z.strictObject({ type: z.literal('data-source'), namespace: label, name: objectName }).describe("CDI's DataSource, which always names the newest golden image; cloned"),
  z.strictObject({
    type: z.literal('registry'),
    url: z.string().regex(REGISTRY_URL, 'must be docker:// and the reference of an image, or oci-archive://…'),
    pullMethod: z.enum(['pod', 'node']).optional(),
    secretRef: objectName.optional().describe("Secret in the cell's namespace; something else than we has to put it there"),
    certConfigMap: objectName.optional().describe("ConfigMap in the cell's namespace; something else than we has to put it there"),
  }).describe('An image in a registry; imported'),
  z.strictObject({ type: z.literal('container-disk'), image: z.string().regex(IMAGE, 'must be the reference of an image, without docker://'), imagePullSecret: objectName.optional() })
    .describe('A container image with the disk in /disk; ephemeral, needs no CDI'),
]);

const network = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bridge'),
    binding: label.optional()
      .describe('Network binding plugin in place of the bridge binding, for clusters that forbid that; it has to hand the address of the pod to the guest'),
    virtualAddresses: z.array(z.ipv4()).min(1).optional().describe('Addresses that no pod gets and that may move between machines; only where the pod network is flat'),
  }).describe('The pod network: every machine has the address of its pod'),
  z.strictObject({
    type: z.literal('multus'),
    definition: z.string().regex(new RegExp(`${DNS_LABEL.source.slice(0, -1)}/${SUBDOMAIN.source.slice(1)}`), 'must be namespace/name of a NetworkAttachmentDefinition'),
    subnet: z.cidrv4(),
    first: z.ipv4().describe('First address that is ours'),
    last: z.ipv4().describe('Last address that is ours'),
    block: z.int().min(2).max(256).default(8).describe('Addresses of one cell: its machines and one virtual address'),
    gateway: z.ipv4().optional(),
    nameservers: z.array(z.ipv4()).default([]),
  }).describe('A secondary network with static addresses'),
  z.strictObject({ type: z.literal('masquerade') }).describe('Refused: it gives every guest one and the same address'),
]);

const toleration = z.strictObject({
  key: labelKey.optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().optional(),
});

export const siteSchema = z.strictObject({
  apiVersion: z.literal('proofgrid.dev/v1alpha1'),
  kind: z.literal('Site'),
  metadata: z.strictObject({ name: label }),
  spec: z.strictObject({
    controlNamespace: label.default('proofgrid').describe("Namespace of the provider's own objects: admission, address blocks, the reaper"),
    kubevirtNamespace: label.default('kubevirt').describe("Namespace of KubeVirt's API server"),
    kubevirtVersion: z.string().regex(/^1\.\d+$/, 'must be a version such as "1.1"').optional()
      .describe("Minor version of KubeVirt, where it is older than 1.2: that refuses fields by which later ones leave out room for plugging"),
    images: z.record(text, image).describe('Golden image of each operating system of the matrix'),
    seeds: z.enum(['baked', 'none']).default('none').describe('baked: the images have the binaries under /opt/seed that containers get mounted'),
    storage: z.strictObject({
      class: objectName.optional(),
      accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod'])).min(1).optional(),
      volumeMode: z.enum(['Block', 'Filesystem']).optional(),
      root: diskSize.default('20Gi'),
      etcd: diskSize.default('4Gi'),
      bindImmediately: z.boolean().default(false).describe('Fill the disks before their machine is scheduled, although the class waits for the first consumer'),
    }).prefault({}),
    network,
    dns: z.strictObject({
      ports: z.array(z.int(PORT).min(1, PORT).max(65_535, PORT)).min(1, 'must name at least one port').default([53]),
    }).prefault({}).describe("Ports on which the pods of the cluster's DNS listen: network policies see these, not the service's"),
    access: z.enum(['auto', 'direct', 'api-server']).default('auto')
      .describe('How machines are reached: straight at their addresses, through the API server, or straight where that leads to them'),
    runner: z.strictObject({
      podLabels: labels.optional().describe('Only pods with these in the namespace of the runner may reach the machines'),
      cidrs: z.array(z.cidrv4()).default([]).describe('Addresses outside of the cluster that may reach the machines'),
    }).prefault({}),
    egress: z.array(z.strictObject({ cidr: z.union([z.cidrv4(), z.cidrv6()]), except: z.array(z.union([z.cidrv4(), z.cidrv6()])).optional() })).min(1)
      .default([{ cidr: '0.0.0.0/0' }]).describe('What machines may reach outside of their cell'),
    scheduling: z.strictObject({
      nodeSelector: labels.optional(),
      tolerations: z.array(toleration).min(1).optional(),
      priorityClass: objectName.optional(),
      controlPlanes: z.enum(['required', 'preferred']).default('required').describe('Whether control planes must stand on nodes of their own'),
    }).prefault({}),
    cpu: z.strictObject({
      // KubeVirt looks for nodes with the label cpu-model.node.kubevirt.io/<model>
      model: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, 'must be host-model, host-passthrough, or the name of a model').optional().describe('host-model, host-passthrough, or a model of libvirt'),
      overcommit: z.number().min(1).max(64).default(1).describe('Cores that machines may use for each that they request'),
    }).prefault({}),
    overhead: z.strictObject({
      cpus: z.number().min(0).default(0.25),
      memory: quantity.default('512Mi'),
    }).prefault({}).describe("What KubeVirt's own processes need beside a machine, where that is more than KubeVirt reckons by default; part of the cell's quota"),
    namespace: z.strictObject({ labels: labels.optional(), annotations: z.record(labelKey, z.string()).optional() }).prefault({})
      .describe('On every namespace of a cell, such as the level of pod security'),
    capacity: z.strictObject({ cpus: z.number().positive(), memory: quantity }).optional()
      .describe('What all cells together may have; else what the nodes have'),
  }),
});

export type SiteDocument = z.output<typeof siteSchema>;
type SiteSpec = SiteDocument['spec'];
export type SiteNetwork = Exclude<SiteSpec['network'], { readonly type: 'masquerade' }>;
export type SiteImage = z.output<typeof image>;

/** What differs between clusters; valid throughout. */
export interface Site extends Omit<SiteSpec, 'network'> {
  readonly name: string;
  readonly network: SiteNetwork;
  readonly file: string;
  /** For errors about what a site does not have. */
  readonly problem: ReadDocument<SiteDocument>['problem'];
}

const shipped = path.join(packageRoot, 'vm-templates', 'sites');

/** A site that is shipped by its name, or a file. Rejects with a `DocumentError` with lines and columns. */
export async function loadSite(nameOrFile = 'default'): Promise<Site> {
  const named = path.join(shipped, `${nameOrFile}.yaml`);
  if (/^[a-z0-9-]+$/.test(nameOrFile) && existsSync(named)) return readSite(named);
  if (existsSync(nameOrFile)) return readSite(nameOrFile);
  const names = (await readdir(shipped)).map((file) => path.basename(file, '.yaml')).sort();
  throw new ProofgridError({
    code: 'SITE_UNKNOWN',
    fault: 'usage',
    what: `there is no site ${JSON.stringify(nameOrFile)}`,
    remedy: `name a file, or one of ${names.join(', ')}`,
  });
}

export async function readSite(file: string): Promise<Site> {
  return judged(file, await readDocument(file, siteSchema));
}

/** The same for text that is already read; `file` is named in errors. */
export function parseSite(content: string, file: string): Site {
  return judged(file, parseDocument(content, file, siteSchema));
}

function judged(file: string, { value, problem }: ReadDocument<SiteDocument>): Site {
  const [first, ...others] = siteProblems(value).map((found) => problem(found.path, found.code, found.what, found.remedy));
  if (first !== undefined) throw new DocumentError([first, ...others]);
  return { ...value.spec, network: value.spec.network as SiteNetwork, name: value.metadata.name, file, problem };
}

/** The golden image of an operating system. Throws `SITE_WITHOUT_IMAGE` with the place where it is missing. */
export function imageOf(site: Site, os: string): SiteImage {
  const found = site.images[os];
  if (found !== undefined) return found;
  throw site.problem(['spec', 'images'], 'SITE_WITHOUT_IMAGE', `the site ${site.name} has no golden image of ${os}`, `add one under spec.images.${os}`);
}
