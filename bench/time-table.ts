import { median } from './result.ts';
import type { DeployTimes } from './time-log.ts';

/** Seconds: quicker tasks are summed up. */
const WORTH_A_LINE = 0.3;

/** Steps in their order with their slow tasks below them, medians over the rounds, in seconds. */
export function timeTable(name: string, rounds: readonly DeployTimes[]): string {
  const steps = mediansOf(rounds.map((round) => round.steps));
  const tasks = Object.entries(mediansOf(rounds.map((round) => round.tasks)));
  const lines = Object.entries(steps).flatMap(([step, seconds]) => {
    const own = tasks.filter(([task]) => task.startsWith(`${step}: `));
    const slow = own.filter(([, each]) => each >= WORTH_A_LINE).map(([task, each]) => `         ${each.toFixed(1).padStart(5)}  ${task.slice(step.length + 2)}`);
    const rest = seconds - own.reduce((sum, [, each]) => sum + (each >= WORTH_A_LINE ? each : 0), 0);
    return [`  ${seconds.toFixed(1).padStart(5)}  ${step}`, ...slow, ...(rest >= WORTH_A_LINE ? [`         ${rest.toFixed(1).padStart(5)}  everything else`] : [])];
  });
  return [`${name}: where Ansible's time goes (s)`, ...lines].join('\n');
}

function mediansOf(rounds: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = new Set(rounds.flatMap((round) => Object.keys(round)));
  return Object.fromEntries([...names].map((name) => [name, median(rounds.map((round) => round[name] ?? 0))]));
}
