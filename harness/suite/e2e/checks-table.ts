import type { CheckPhase } from './checks.ts';

/** The table of docs/checks.md, made of the registry; a test compares them. */
export function checksTable(phases: readonly CheckPhase[]): string {
  const rows = phases.flatMap(({ phase, beside, checks }) =>
    checks.map(({ name, title, sabotages }) => `| ${phase}${beside === true ? ' (beside)' : ''} | \`${name}\` | ${title} | ${sabotages.map((sabotage) => sabotage.name).join(', ')} |`),
  );
  return ['| phase | check | what it asserts | sabotages |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
