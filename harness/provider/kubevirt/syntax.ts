/** What Kubernetes takes for names, labels and images; its own words are in apimachinery's util/validation. */

/** RFC 1123 label: at most 63 characters. */
export const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** RFC 1123 subdomain: names of most objects. At most `SUBDOMAIN_LENGTH` characters, which the expression does not count. */
export const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
export const SUBDOMAIN_LENGTH = 253;

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
/** The key of a label, an annotation or a taint, with or without the domain before it. */
export const LABEL_KEY = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

const HOST = String.raw`([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:\d{1,5})?`;
const WORD = String.raw`[a-z0-9]+([._-]+[a-z0-9]+)*`;
const REFERENCE = String.raw`(${HOST}\/)?${WORD}(\/${WORD})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9]+:[0-9A-Fa-f]{32,128})?`;

/** Reference of a container image, as a container runtime takes it. */
export const IMAGE = new RegExp(`^${REFERENCE}$`);
/** An image as CDI takes it: `docker://` and a reference, or `oci-archive://` and what an archive is called. */
export const REGISTRY_URL = new RegExp(String.raw`^(docker:\/\/${REFERENCE}|oci-archive:\/\/[A-Za-z0-9_.:@\/-]+)$`);
