import { z } from 'zod';
import { networksOf } from './network-families.ts';

/** RFC 1123 label, the rule for names of Kubernetes objects: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be an RFC 1123 label');
/** Several labels, so that nobody shadows a top-level domain by mistake. */
export const domain = z.string().max(253).regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a domain of two labels or more, in lower case, without a dot at the end');

const HOST_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** A last label of digits alone would be an address (RFC 3696, section 2), and none of those is reached here. */
const HOST_NAME = `(?=.{1,253}$)(?:${HOST_LABEL}\\.)*(?![0-9]+$)${HOST_LABEL}`;
const hostName = z.string().regex(new RegExp(`^${HOST_NAME}$`), 'must be an address, or a name of letters, digits, hyphens and dots');

export const address = z.union([z.ipv4(), z.ipv6()], { error: 'must be an IPv4 or IPv6 address' });
const network = z.union([z.cidrv4(), z.cidrv6()]);
const NETWORKS = 'must be a network such as 10.244.0.0/16, or one of each family with a comma between them: 10.244.0.0/16,fd00:10:244::/56';
/** One network, or a dual-stack pair as the flags of Kubernetes have it. */
export const networks = z.string()
  .regex(/^[0-9a-fA-F.:]+\/\d+(,[0-9a-fA-F.:]+\/\d+)?$/, { error: NETWORKS, abort: true })
  .refine((text) => networksOf(text).every((one) => network.safeParse(one).success), { error: NETWORKS, abort: true })
  .describe('A network, or a dual-stack pair with a comma between them: 10.244.0.0/16,fd00:10:244::/56');
export const port = z.int().min(1).max(65535);
/** What a client can connect to: a DNS name or an address. */
export const host = z.union([z.ipv4(), z.ipv6(), hostName], { error: 'must be an address, or a name of letters, digits, hyphens and dots' });
/** What a certificate can be for: also every name of a domain (RFC 6125, section 6.4.3). */
export const subjectName = z.union([...host.options, z.string().regex(new RegExp(`^\\*\\.${HOST_NAME}$`))], { error: 'must be an address, or a name such as api.example.com or *.example.com' });

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');
export const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be the name of a file, without a directory');
/** It ends up in the machines' own formats, and none of those agrees with the others about quotes. */
export const absolutePath = z.string().max(4096).regex(/^\/(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}"'`\\]*$/u, 'must be an absolute path without quotes, backslashes, control characters and ".."');
/** A file of the runner's. */
export const localPath = z.string().min(1).max(4096).regex(/^\P{Cc}*$/u, 'must not contain control characters');
/** `<url>/<file>` is asked for. The characters are those of RFC 3986 without quotes; z.url() would drop others silently. */
export const baseUrl = z.string()
  .regex(/^https?:\/\/[A-Za-z0-9\-._~:/[\]@!$&()*+,;=%]+$/, 'must be an http or https address without quotes, blanks, query and fragment')
  .refine((text) => URL.canParse(text), 'must be an http or https address');

/** Exact, as the component reports it, without the leading `v`: `1.20.2+deb12u1`, `1.34.1`. */
export const version = z.string().max(64).regex(/^\d+\.\d+\.\d+(?:[-+~][0-9A-Za-z.+~-]+)?$/, 'must be a full version such as "1.34.1"');
/** A minor stands for all its patches. */
export const versionOrMinor = z.string().max(64).regex(/^\d+\.\d+(?:\.\d+)?(?:[-+~][0-9A-Za-z.+~-]+)?$/, 'must be a version such as "1.7.24"');

const NAME_PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REGISTRY = `(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?`;
/** https://github.com/distribution/reference/blob/main/reference.go */
const IMAGE = new RegExp(`^(?:${REGISTRY}/)?${NAME_PART}(?:/${NAME_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);
export const image = z.string().max(512).regex(IMAGE, 'must be the reference of an image, such as registry.example.com/coredns:1.12.4');

const QUALIFIED_NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export const labelKey = z.string().max(317).regex(QUALIFIED_NAME, 'must be a key such as example.com/team');
export const labelValue = z.string().regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/, 'must be at most 63 letters, digits, hyphens, underscores and dots');
