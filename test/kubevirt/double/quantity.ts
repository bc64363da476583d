const FACTORS: Readonly<Record<string, number>> = {
  ...{ '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** A Kubernetes quantity as a number. */
export function quantity(text: string | number): number {
  const [, number = '', suffix = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(text)) ?? [];
  const factor = FACTORS[suffix];
  if (number === '' || factor === undefined) throw new Error(`${JSON.stringify(text)} is no quantity`);
  return Number(number) * factor;
}
