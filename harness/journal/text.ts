/** ECMA-48: CSI sequences, OSC/DCS/PM/APC/SOS strings, and two-character escapes, in their 7-bit and 8-bit forms. */
const CONTROL_SEQUENCE =
  // eslint-disable-next-line no-control-regex -- control sequences are what this looks for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;

/** What XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets) and, beyond it, C1 controls and DEL; tab and newline stay. */
// eslint-disable-next-line no-control-regex -- likewise
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g;

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Text without control sequences and control characters; carriage returns end lines, lone surrogates become U+FFFD. */
export function withoutControls(text: string): string {
  return text
    .replace(CONTROL_SEQUENCE, '')
    .replace(/\r\n?/g, '\n')
    .replace(FORBIDDEN, '')
    .replace(LONE_SURROGATE, '\ufffd');
}

/** At most `limit` bytes of UTF-8, the mark of the cut included. */
export function bounded(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= limit) return text;
  const mark = ` … [cut, ${bytes.length} bytes in all]`;
  let end = Math.max(0, limit - Buffer.byteLength(mark));
  // A UTF-8 continuation byte (10xxxxxx) at the edge would split a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8') + mark;
}
