/** All of them, and not before each has come to its end: what still runs would create things after the removal. */
export async function settle<T extends readonly Promise<unknown>[]>(abort: (reason: unknown) => void, work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  let first: { error: unknown } | undefined;
  const watched = work.map((promise) =>
    promise.catch((error: unknown) => {
      first ??= { error };
      abort(error);
    }),
  );
  const results = await Promise.all(watched);
  if (first !== undefined) throw (first as { error: unknown }).error;
  return results as { -readonly [K in keyof T]: Awaited<T[K]> };
}
