/** Everything that the checks create lies in this namespace, and is gone when the suite ends. */
export const NAMESPACE = 'proofgrid-e2e';
export const NAMESPACE_PATH = `/api/v1/namespaces/${NAMESPACE}`;
