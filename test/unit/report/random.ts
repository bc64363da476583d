/** A small repeatable generator (mulberry32), so that a failing case can be run again by its seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const NASTY = [']]>', '<![CDATA[', '&', '&amp;', '<', '>', '"', "'", '`', '\u001b[31m', '[31m', '\u0000', '\u0008', '\ud800', '\udfff', '\ufffe', '\uffff', '\u0085', '\r', '\n', '\t', '😀', '[[ATTACHMENT|/etc/passwd]]', '<script>', 'javascript:', '../', '--', '?>', '\\u001b[0m'];

/** Text of anything: random UTF-16 units, and what breaks naive writers of XML, HTML and JSON. */
export function nastyText(random: () => number): string {
  const length = Math.floor(random() * 30);
  return Array.from({ length }, () => (random() < 0.4 ? NASTY[Math.floor(random() * NASTY.length)] : String.fromCharCode(Math.floor(random() * (random() < 0.5 ? 128 : 65_536))))).join('');
}
