import type { RunRecord } from '../journal/record.ts';

export interface HtmlOptions {
  /** From the page's directory to the run directory. */
  readonly evidenceBase?: string;
}

export function html(record: RunRecord, options: HtmlOptions = {}): string {
  return `<!doctype html><title>${record.verdict}</title>${options.evidenceBase ?? ''}`;
}
