import type { Random } from './random.ts';

type ByteMutation = (bytes: Buffer, random: Random) => Buffer;

const FRAGMENTS = [
  ': ', '- ', '\n', '\t', '"', "'", '[', ']', '{', '}', '#', '&a ', '*a', '!!str ', '!x ', '|', '>', '%YAML 1.1\n', '---\n', '...\n', '<<: ', '? ',
  '\0', '\u001b[31m', '\u2028', '\ufeff', '\r', '😀', '-', '0', '1.30', 'yes', 'null', '~', '__proto__: 1\n', 'constructor: 1\n',
].map((fragment) => Buffer.from(fragment));

function splice(bytes: Buffer, start: number, removed: number, inserted: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
}

function onLines(change: (lines: string[], random: Random) => void): ByteMutation {
  return (bytes, random) => {
    // latin1 keeps every byte, valid UTF-8 or not
    const lines = bytes.toString('latin1').split('\n');
    change(lines, random);
    return Buffer.from(lines.join('\n'), 'latin1');
  };
}

/** What a slip of the hand, a bad merge or a broken disk does to a file. */
const mutations: readonly ByteMutation[] = [
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), 0, random.pick(FRAGMENTS)),
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), random.below(4), random.pick(FRAGMENTS)),
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), 1, Buffer.from([random.below(256)])),
  (bytes, random) => splice(bytes, random.below(bytes.length + 1), 1 + random.below(3), Buffer.alloc(0)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  onLines((lines, random) => lines.splice(random.below(lines.length), 1)),
  onLines((lines, random) => lines.splice(random.below(lines.length), 0, random.pick(lines))),
  onLines((lines, random) => {
    const index = random.below(lines.length);
    lines[index] = `${' '.repeat(1 + random.below(3))}${lines[index] ?? ''}`;
  }),
  onLines((lines, random) => {
    const index = random.below(lines.length);
    lines[index] = (lines[index] ?? '').replaceAll('"', '');
  }),
  onLines((lines, random) => {
    const [one, other] = [random.below(lines.length), random.below(lines.length)];
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
  }),
  // comments, line ends and blank lines mean nothing: such a file must stay valid
  onLines((lines, random) => lines.splice(random.below(lines.length), 0, '# a comment: [of, no, "meaning')),
  (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
];

export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  return random.pick(mutations)(bytes, random);
}
