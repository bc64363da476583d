import type { Path } from './location.ts';

/** A mistake that no schema can hold, at its place in the document. */
export interface Problem {
  readonly path: Path;
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

/** One problem for each value that stands in the list a second time. */
export function duplicates(values: readonly string[], path: (index: number) => Path, noun: string): Problem[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index ? [] : [{ path: path(index), code: 'CLUSTER_DUPLICATE', what: `duplicate ${noun} ${value}`, remedy: 'keep one of them' }]);
}
