/** What the checks create lies in this namespace and those below, and is gone when the suite ends. */
export const NAMESPACE = 'proofgrid-e2e';
export const NAMESPACE_PATH = `/api/v1/namespaces/${NAMESPACE}`;
/** Policies hold for namespaces, and what they deny is nothing that other checks may need. The second is where strangers come from. */
export const POLICY_NAMESPACES = ['proofgrid-e2e-policy', 'proofgrid-e2e-policy-other'] as const;
/** As anybody makes one: pod security holds here as for those who have never heard of it. */
export const PLAIN_NAMESPACE = 'proofgrid-e2e-plain';
export const NAMESPACES = [NAMESPACE, ...POLICY_NAMESPACES, PLAIN_NAMESPACE] as const;
/** For servers in the network of their nodes, which pod security refuses elsewhere. */
export const PRIVILEGED = { 'pod-security.kubernetes.io/enforce': 'privileged' } as const;
/** On every namespace of the checks; one without them is somebody else's. */
export const NAMESPACE_LABELS = { 'app.kubernetes.io/managed-by': 'proofgrid' };
