import { DocumentError, type ReadDocument } from '../../lifecycle/document.ts';

/** A mistake that no schema can hold, at its place in the document. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

/** One problem for each value that stands in the list a second time. */
export function repeated(values: readonly string[], path: (index: number) => readonly PropertyKey[], noun: string): Problem[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) =>
    seen.size < seen.add(value).size
      ? []
      : [{ path: path(index), code: 'MATRIX_DUPLICATE', what: `${noun} ${JSON.stringify(value)} stands twice`, remedy: 'keep one of them' }]);
}

/** Throws a `DocumentError` with every problem at its place, in the order of the file; nothing when there is none. */
export function refuseProblems(problems: readonly Problem[], locate: ReadDocument<unknown>['problem']): void {
  const [first, ...others] = problems
    .map(({ path, code, what, remedy }) => locate(path, code, what, remedy))
    .sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
  if (first !== undefined) throw new DocumentError([first, ...others]);
}
