import type { JournalEvent } from '../journal/event.ts';
import type { ConsoleStream } from '../report/console.ts';
import { duration } from '../report/duration.ts';
import { screen } from '../report/screen.ts';

export interface LintProgress {
  /** To be called with every event, before anything is printed of it. */
  follow(event: JournalEvent): void;
  close(): void;
}

export interface LintProgressOptions {
  /** Where findings do not go. */
  readonly stream: ConsoleStream;
  readonly isTTY: boolean;
  /** How many tools will run. */
  readonly tools: number;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Milliseconds between two pictures. */
const FRAME_MS = 200;

/** One line for each tool that has ended, and on a terminal one of those that run, as long as they do. */
export function lintProgress({ stream, isTTY, tools, now = () => performance.now() }: LintProgressOptions): LintProgress {
  const running = new Map<string, { readonly startedAt: number; readonly files: number; findings: number }>();
  const live = isTTY ? screen(stream) : undefined;
  let ended = 0;
  const draw = () => {
    const parts = [...running].map(([tool, { startedAt }]) => `${tool} ${duration(now() - startedAt)}`);
    const line = `${ended} of ${tools} tools · ${parts.join(' · ')}`;
    live?.draw(parts.length === 0 ? [] : [line.slice(0, Math.max(1, (stream.columns || 80) - 1))]);
  };
  const timer = isTTY ? setInterval(draw, FRAME_MS).unref() : undefined;
  return {
    follow(event) {
      if (event.type === 'phase-started') running.set(event.phase, { startedAt: now(), files: event.cases.length, findings: 0 });
      const tool = 'phase' in event ? running.get(event.phase) : undefined;
      if (tool === undefined) return;
      // a finding may be printed next, on the same terminal
      live?.clear();
      if (event.type === 'case-finished' && event.verdict === 'failed') tool.findings += 1;
      if (event.type === 'phase-finished') {
        running.delete(event.phase);
        ended += 1;
        const { files, findings } = tool;
        stream.write(`${event.phase}: ${files} file${files === 1 ? '' : 's'}, ${findings} finding${findings === 1 ? '' : 's'}, ${duration(event.durationMs)}\n`);
      }
      if (event.type === 'phase-started') draw();
    },
    close() {
      clearInterval(timer);
      live?.clear();
    },
  };
}
