import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** One member of an archive. Owner is root, the time is fixed: equal members give equal bytes. */
export type Member =
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'link'; readonly path: string; readonly target: string }
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  /** Content of a file on disk. */
  | { readonly type: 'copy'; readonly path: string; readonly mode: number; readonly source: string };

const BLOCK = 512;
/** Type flags of POSIX.1-1988 ustar, pax(1): https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
const TYPE_FLAG = { file: '0', copy: '0', link: '2', directory: '5' } as const;
const FIELD = { name: 100, link: 100 } as const;
const MAX_SIZE = 0o77777777777;

/** The bytes of a ustar archive. Paths and link targets hold at most 100 bytes, which is all that our images need. */
export async function* packTar(members: Iterable<Member>): AsyncGenerator<Buffer> {
  for (const member of members) {
    const size = member.type === 'copy' ? (await stat(member.source)).size : member.type === 'file' ? member.content.length : 0;
    yield header(member, size);
    if (member.type === 'file') yield member.content;
    if (member.type === 'copy') yield* exactly(member.source, size);
    if (size % BLOCK !== 0) yield Buffer.alloc(BLOCK - (size % BLOCK));
  }
  yield Buffer.alloc(2 * BLOCK);
}

async function* exactly(source: string, size: number): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 })) {
    sent += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (sent !== size) throw new Error(`${source} changed while it was read: ${sent} bytes instead of ${size}`);
}

function header(member: Member, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const path = member.type === 'directory' ? `${member.path.replace(/\/$/, '')}/` : member.path;
  const target = member.type === 'link' ? member.target : '';
  if (Buffer.byteLength(path) > FIELD.name || Buffer.byteLength(target) > FIELD.link) throw new Error(`${path}: too long for ustar`);
  if (size > MAX_SIZE) throw new Error(`${path}: too large for ustar`);
  const octal = (value: number, offset: number, length: number) => block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset);

  block.write(path, 0);
  octal(member.type === 'link' ? 0o777 : member.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  // The checksum is computed with its own field full of spaces.
  block.write('        ', 148);
  block.write(TYPE_FLAG[member.type], 156);
  block.write(target, 157);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
