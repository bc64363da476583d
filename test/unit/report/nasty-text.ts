const NASTY = [']]>', '<![CDATA[', '&', '&amp;', '<', '>', '"', "'", '`', '\u001b[31m', '[31m', '\u0000', '\u0008', '\ud800', '\udfff', '\ufffe', '\uffff', '\u0085', '\r', '\n', '\t', '😀', '[[ATTACHMENT|/etc/passwd]]', '<script>', 'javascript:', '../', '--', '?>', '\\u001b[0m'];

/** Text of anything: random UTF-16 units, and what breaks naive writers of XML, HTML and JSON. */
export function nastyText(random: () => number): string {
  const length = Math.floor(random() * 30);
  return Array.from({ length }, () => (random() < 0.4 ? NASTY[Math.floor(random() * NASTY.length)] : String.fromCharCode(Math.floor(random() * (random() < 0.5 ? 128 : 65_536))))).join('');
}
