/** A full upstream version, as download sites name it, without the leading `v`: `1.34.1`, `1.35.0-rc.1`. */
export const FULL_VERSION = /^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(-(alpha|beta|rc)\.(0|[1-9]\d{0,5}))?$/;
const RANGE = /^(<=|>=|<|>)\s*(\d{1,6})\.(\d{1,6})$/;

/** Whether the text is a range such as `>=1.24` rather than one version. */
export function isRange(text: string): boolean {
  return /^[<>=]/.test(text);
}

export function isValidRange(text: string): boolean {
  return RANGE.test(text);
}

/**
 * Whether a version lies in a range. Ranges compare major and minor alone, because an axis value such as `3.4` names
 * whatever patch a package has: `1.24.3` is not above `>1.24`.
 */
export function inRange(version: string, range: string): boolean {
  const [, operator, major, minor] = RANGE.exec(range) ?? [];
  const [, ownMajor, ownMinor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (operator === undefined || ownMajor === undefined) return false;
  const difference = Number(ownMajor) - Number(major) || Number(ownMinor) - Number(minor);
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  return operator === '>' ? difference > 0 : difference >= 0;
}
