/** The product did not do what it must: the check that meets this has failed, wherever it was thrown. */
export class ProductFault extends Error {
  readonly expected: string;
  readonly observed: string;

  constructor(expected: string, observed: string, cause?: unknown) {
    super(`expected ${expected}, observed ${observed}`, cause === undefined ? undefined : { cause });
    this.name = 'ProductFault';
    this.expected = expected;
    this.observed = observed;
  }
}
