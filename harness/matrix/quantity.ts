/** Suffixes of Kubernetes quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

export const MEMORY_PATTERN = /^(\d{1,12}(?:\.\d{1,6})?)(Ki|Mi|Gi|Ti|k|M|G|T)?$/;
export const CPU_PATTERN = /^(?:(\d{1,5})m|(\d{1,3}(?:\.\d{1,3})?))$/;

/** Bytes of a memory quantity such as `3Gi`; NaN where the text is none. */
export function bytes(quantity: string): number {
  const [, amount, suffix = ''] = MEMORY_PATTERN.exec(quantity) ?? [];
  return Math.round(Number(amount ?? 'NaN') * (SUFFIXES[suffix] ?? Number.NaN));
}

/** Cores of a CPU quantity such as `2`, `"1.5"` or `500m`; NaN where the text is none. */
export function cores(quantity: string | number): number {
  if (typeof quantity === 'number') return quantity;
  const [, thousandths, whole] = CPU_PATTERN.exec(quantity) ?? [];
  return thousandths === undefined ? Number(whole ?? 'NaN') : Number(thousandths) / 1000;
}

/** Bytes for a person: `3Gi`, `2.5Gi`, `512Mi`. */
export function memoryText(amount: number): string {
  const gibibytes = amount / 2 ** 30;
  return gibibytes >= 1 ? `${Number(gibibytes.toFixed(1))}Gi` : `${Math.round(amount / 2 ** 20)}Mi`;
}
