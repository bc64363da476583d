const HIDDEN = '***';

/** Keys and credentials that a failing command may print. What a task knows to be secret has `no_log` besides. */
const PATTERNS: readonly [RegExp, string][] = [
  // A PEM key in one string, its line breaks real or escaped; one that is cut off counts to the end.
  [/-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----[\s\S]*?(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----|$)/g, HIDDEN],
  // The same in base64, as kubeconfigs have it: "-----BEGIN" is LS0tLS1CRUdJTi.
  [/((?:client-)?key-data["']?\s*[:=]\s*["']?)[A-Za-z0-9+/=]+/gi, `$1${HIDDEN}`],
  // Quoted, the quotes themselves perhaps escaped; or a bare word, if it is long enough to be one.
  [/((?:token|password|passwd|secret)(?:\\?["'])?\s*[:=]\s*)(\\?["'])(?!\2).*?\2/gi, `$1$2${HIDDEN}$2`],
  [/((?:token|password|passwd|secret)(?:\\?["'])?\s*[:=]\s*)[^\s"',}\\]{8,}/gi, `$1${HIDDEN}`],
  [/(\bBearer\s+)[\w.~+/=-]{8,}/g, `$1${HIDDEN}`],
];

/** Hides what looks like a secret. */
export function maskSecrets(text: string): string {
  return PATTERNS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** Masks line by line, and private keys that stretch over several lines. */
export function lineMasker(): (line: string) => string | undefined {
  let inKey = false;
  return (line) => {
    if (inKey) {
      inKey = !/-----END [A-Z ]*PRIVATE KEY-----/.test(line);
      return undefined;
    }
    inKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----(?!.*-----END)/.test(line);
    return maskSecrets(line);
  };
}

/** Shortens a text to at most `limit` bytes of UTF-8. The beginning says what failed, the end why: both stay. */
export function shorten(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  const mark = '\n[...]\n';
  // A character cut in half becomes U+FFFD, which has three bytes: leave room for one at each side.
  const half = Math.floor((limit - mark.length - 6) / 2);
  return `${bytes.subarray(0, half).toString()}${mark}${bytes.subarray(bytes.length - half).toString()}`;
}
