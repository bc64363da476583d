/** Networks of a field, the cluster's first family first: `10.96.0.0/16,fd00:10:96::/112`. */
export function networksOf(field: string): readonly string[] {
  return field.split(',');
}

/** Of the family that a pod's or a Service's first address has. */
export function firstNetwork(field: string): string {
  return networksOf(field)[0] ?? field;
}

export function isDualStack({ podCIDR }: { readonly podCIDR: string }): boolean {
  return networksOf(podCIDR).length > 1;
}
