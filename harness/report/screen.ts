import type { ConsoleStream } from './console.ts';

export interface Screen {
  /** Replaces the live lines; `above` stays in the terminal's history for good. */
  draw(lines: readonly string[], above?: string): void;
  clear(): void;
}

/** The last lines of a terminal, drawn over and over in place. */
export function screen(stream: ConsoleStream): Screen {
  let height = 0;
  // One write a picture, or the terminal flickers.
  const erase = () => (height === 0 ? '' : `\u001b[${height}A\u001b[J`);
  return {
    draw(lines, above) {
      const permanent = above === undefined ? '' : `${above}\n`;
      const picture = lines.map((line) => `${line}\n`).join('');
      if (height === 0 && permanent === '' && picture === '') return;
      stream.write(`${erase()}${permanent}${picture}`);
      height = lines.length;
    },
    clear() {
      if (height > 0) stream.write(erase());
      height = 0;
    },
  };
}
