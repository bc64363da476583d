/** One change to a cluster; DESIGN.md lists them all. Only those named here exist yet. */
export const OPERATIONS = ['deploy', 'reset'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The nine steps, in their order: each is `playbooks/<step>.yml`, and `deploy.yml` imports them all. */
export const STEPS = [
  'bootstrap-os',
  'pre-install',
  'container-engine',
  'etcd',
  'control-plane',
  'node',
  'network-plugin',
  'add-ons',
  'post-install',
] as const;
export type Step = (typeof STEPS)[number];
