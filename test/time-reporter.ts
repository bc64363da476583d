import path from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** Minutes that a person waits for all of `npm test`, without builds and with those of the default version: docs/developing.md. */
const BUDGET = { cached: 45, cold: 65 };
/** Milliseconds: shorter files are summed up. */
const WORTH_A_LINE = 5_000;

/** Says which files took how long, so that growth is seen before the budget is spent. It never fails a run: hosts differ. */
export default class TimeReporter implements Reporter {
  #started = 0;

  onTestRunStart(): void {
    this.#started = performance.now();
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    process.stdout.write(timeTable(modules.map(timeOf), performance.now() - this.#started));
  }
}

interface FileTime {
  readonly project: string;
  readonly file: string;
  /** Milliseconds, of tests and hooks. */
  readonly duration: number;
}

function timeOf(module: TestModule): FileTime {
  const { duration } = module.diagnostic();
  return { project: module.project.name, file: path.relative(module.project.config.root, module.moduleId), duration };
}

/** @param wall milliseconds; files of the project `unit` run beside each other, so it is less than their sum */
export function timeTable(files: readonly FileTime[], wall: number): string {
  const slow = files.filter(({ duration }) => duration >= WORTH_A_LINE).sort((one, other) => other.duration - one.duration);
  if (slow.length === 0) return '';
  const lines = slow.map(({ file, duration }) => line(duration, file));
  const projects = [...new Set(files.map(({ project }) => project))].map((project) => {
    const own = files.filter((each) => each.project === project);
    return line(own.reduce((sum, { duration }) => sum + duration, 0), `${own.length} ${own.length === 1 ? 'file' : 'files'} of ${project}`);
  });
  const all = line(wall, `in all; npm test may take ${BUDGET.cached} min with a warm cache, ${BUDGET.cold} min with a cold one`);
  return ['', ' Time', ...lines, ' ', ...projects, all, ''].join('\n');
}

function line(duration: number, text: string): string {
  const seconds = Math.round(duration / 1000);
  return `  ${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}  ${text}`;
}
