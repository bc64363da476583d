import type * as Fs from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import path from 'node:path';

/** A file system below a directory that holds so many bytes of files; everything else is the real one's. */
export interface FullDisk {
  root: string;
  /** Bytes. */
  capacity: number;
  /** Whether what is freed here is taken at once by somebody else. */
  neighbour: boolean;
  /** Bytes of all files at the most so far. */
  peak: number;
  /** Writes that did not fit. */
  refused: number;
}

export const disk: FullDisk = { root: '/nowhere', capacity: Infinity, neighbour: false, peak: 0, refused: 0 };

function full(call: string): Error {
  disk.refused += 1;
  return Object.assign(new Error(`ENOSPC: no space left on device, ${call}`), { code: 'ENOSPC', errno: -28, syscall: call });
}

function below(file: unknown): boolean {
  return typeof file === 'string' && (file === disk.root || file.startsWith(`${disk.root}/`));
}

function lengthOf(content: unknown): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : (content as Uint8Array).byteLength;
}

function usedBytes(fs: typeof Fs, directory: string): number {
  return fs.readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const file = path.join(directory, entry.name);
    return sum + (entry.isDirectory() ? usedBytes(fs, file) : fs.lstatSync(file).size);
  }, 0);
}

/** Bytes that still fit. */
function room(fs: typeof Fs): number {
  return disk.capacity - usedBytes(fs, disk.root);
}

function note(fs: typeof Fs): void {
  disk.peak = Math.max(disk.peak, usedBytes(fs, disk.root));
}

/** `node:fs` on that disk, as far as the sources use it. Like write(2), a write that does not fit is short, and the next one fails. */
export function syncOn(fs: typeof Fs): typeof Fs {
  return {
    ...fs,
    writeSync: ((descriptor: number, content: Uint8Array) => {
      const ours = below(fs.readlinkSync(`/proc/self/fd/${descriptor}`));
      const fits = ours ? Math.min(room(fs), content.byteLength) : content.byteLength;
      if (fits <= 0) throw full('write');
      if (fits < content.byteLength) disk.refused += 1;
      const written = fs.writeSync(descriptor, content, 0, fits);
      if (ours) note(fs);
      return written;
    }) as typeof fs.writeSync,
    writeFileSync: (file, content, options) => {
      if (below(file) && lengthOf(content) > room(fs)) throw full('write');
      fs.writeFileSync(file, content, options);
      if (below(file)) note(fs);
    },
    openSync: (file, ...more) => {
      if (below(file) && more[0] !== 'r' && !fs.existsSync(file) && room(fs) <= 0) throw full('open');
      return fs.openSync(file, ...more);
    },
    rmSync: (file, options) => {
      const size = below(file) ? (fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0) : 0;
      fs.rmSync(file, options);
      if (disk.neighbour) disk.capacity -= size;
    },
  };
}

export function asyncOn(fs: typeof Fs, promises: typeof FsPromises): typeof FsPromises {
  return {
    ...promises,
    writeFile: async (file, content, options) => {
      if (below(file) && lengthOf(content) > room(fs)) throw full('write');
      await promises.writeFile(file, content, options);
      if (below(file)) note(fs);
    },
    mkdir: (async (file: Fs.PathLike, options?: Fs.MakeDirectoryOptions) => {
      if (below(file) && room(fs) <= 0 && !fs.existsSync(file)) throw full('mkdir');
      return promises.mkdir(file, options);
    }) as typeof promises.mkdir,
  };
}
