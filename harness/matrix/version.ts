/** A full upstream version, as download sites name it, without the leading `v`: `1.34.1`, `1.35.0-rc.1`. */
export const FULL_VERSION = /^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(-(alpha|beta|rc)\.(0|[1-9]\d{0,5}))?$/;
/** What the axis `runtime` calls a package of the system, or a release of containerd. */
export const RUNTIME_NAME = /^(containerd|docker)$|^containerd-(\d{1,6}\.\d{1,6}\.\d{1,6}(?:-(?:alpha|beta|rc)\.\d{1,6})?)$/;
const RANGE = /^(<=|>=|<|>)\s*(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?$/;
const MINOR = /^\d+\.\d+/;

/** Whether the text is a range such as `>=1.24` rather than one version. */
export function isRange(text: string): boolean {
  return /^[<>=]/.test(text);
}

export function isValidRange(text: string): boolean {
  return RANGE.test(text);
}

/** Ranges that must all hold: `>=1.4 <2.0`. */
export function isValidRanges(text: string): boolean {
  return rangesOf(text).every(isValidRange);
}

export function inRanges(version: string, text: string): boolean {
  return rangesOf(text).every((range) => inRange(version, range));
}

function rangesOf(text: string): string[] {
  return text.trim().split(/ +/);
}

/**
 * Whether a version lies in a range. A range of minors compares major and minor alone (`1.24.3` is not above `>1.24`). An
 * axis value such as `3.4` names whatever patch a package has, which is taken to be new enough: it is not below `<3.4.20`.
 */
export function inRange(version: string, range: string): boolean {
  const [, operator, major, minor, patch] = RANGE.exec(range) ?? [];
  const [, ownMajor, ownMinor, ownPatch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  if (operator === undefined || ownMajor === undefined) return false;
  const patches = patch === undefined ? 0 : Number(ownPatch ?? Infinity) - Number(patch);
  const difference = Number(ownMajor) - Number(major) || Number(ownMinor) - Number(minor) || patches;
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  return operator === '>' ? difference > 0 : difference >= 0;
}

/** `1.37` of `1.37.2`. */
export function minorOf(version: string): string {
  return MINOR.exec(version)?.[0] ?? version;
}

/** Below 0 where `a` is older. Numbers first, then a candidate before its release; build metadata (`+deb12u1`) does not count. */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [partsOf(a), partsOf(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (first.numbers[index] ?? 0) - (second.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (first.candidate === undefined || second.candidate === undefined) return Number(first.candidate === undefined) - Number(second.candidate === undefined);
  return first.candidate.localeCompare(second.candidate, 'en', { numeric: true });
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly candidate: string | undefined } {
  const [core = '', candidate] = (version.split('+', 1)[0] ?? '').split(/-(.*)/, 2);
  return { numbers: core.split('.').map(Number), candidate };
}
