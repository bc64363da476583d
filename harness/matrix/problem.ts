/** A mistake that no schema can hold, at its place in the document. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

/** One problem for each value that stands in the list a second time. */
export function repeated(values: readonly string[], path: (index: number) => readonly PropertyKey[], noun: string): Problem[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index
      ? []
      : [{ path: path(index), code: 'MATRIX_DUPLICATE', what: `${noun} ${JSON.stringify(value)} stands twice`, remedy: 'keep one of them' }]);
}
