/**
 * Whether a reported version is the pinned release. A distribution's suffix counts only where it is pinned:
 * `1.6.20~ds1` is release `1.6.20`, and `1.6.20~ds1` pinned asks for just that.
 */
export function sameRelease(reported: string, pinned: string): boolean {
  const bare = (version: string) => version.replace(/^v/, '');
  return bare(reported) === bare(pinned) || release(bare(reported)) === bare(pinned);
}

function release(version: string): string {
  return /^\d+(\.\d+)*/.exec(version)?.[0] ?? version;
}

/** Another patch release, of the same length: `1.20.2+deb12u1` → `1.20.9+deb12u1`, `3.4.23` → `3.4.99`. */
export function otherPatch(version: string): string {
  const digit = /^\d+\.\d+\.9+(?!\d)/.test(version) ? '8' : '9';
  return version.replace(/^(\d+\.\d+\.)(\d+)/, (_, start: string, patch: string) => start + digit.repeat(patch.length));
}
