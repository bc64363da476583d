/** A full upstream version, as download sites name it, without the leading `v`: `1.34.1`, `1.35.0-rc.1`. */
export const FULL_VERSION = /^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(-(alpha|beta|rc)\.(0|[1-9]\d{0,5}))?$/;
const RANGE = /^(<=|>=|<|>)\s*(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?$/;

/** Whether the text is a range such as `>=1.24` rather than one version. */
export function isRange(text: string): boolean {
  return /^[<>=]/.test(text);
}

export function isValidRange(text: string): boolean {
  return RANGE.test(text);
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
