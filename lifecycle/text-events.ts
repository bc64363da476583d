import { formatDuration } from './duration.ts';
import type { LifecycleEvent } from './event.ts';

/** One or more lines for a person, or none: quiet on success. With `changes`, each change is told too (check mode). */
export function describeEvent(event: LifecycleEvent, { changes }: { readonly changes: boolean }): string | undefined {
  const time = event.at.slice(11, 19);
  switch (event.type) {
    case 'operation-started':
      return `${time} ${event.operation} of ${event.cluster}, at most ${formatDuration(event.limitMs)}`;
    case 'step-finished':
      return `${time} ${event.step} ${event.outcome} in ${formatDuration(event.durationMs)}, ${event.changed} changed`;
    case 'task-finished': {
      if (event.status === 'failed' || event.status === 'unreachable') return undefined;
      return changes && event.status === 'changed' ? `${time} ${event.step}: ${event.host}: ${event.task} changes` : undefined;
    }
    case 'warning':
      return `${time} ${event.step}: warning: ${event.host}: ${event.message}`;
    case 'post-condition':
      return event.outcome === 'passed' ? undefined : `${time} ${event.name} ${event.outcome}: expected ${event.expected}, observed ${event.observed}`;
    case 'operation-finished': {
      const verdict = `${time} ${event.operation} ${event.outcome} in ${formatDuration(event.durationMs)}, ${event.changed} changed`;
      if (event.failure === undefined) return verdict;
      const { step, task, host, message, path } = event.failure;
      return `${verdict}\n  step ${step}, task "${task}" on ${host}${path === undefined ? '' : ` (${path})`}\n${indent(message)}`;
    }
    case 'step-started':
      return undefined;
  }
}

function indent(text: string): string {
  return text.split('\n').map((line) => `  | ${line}`).join('\n');
}
