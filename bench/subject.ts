import type { DeployTimes } from './time-log.ts';

/** One measured deploy, from no machine at all to a cluster proved healthy. Seconds. */
export interface Round {
  readonly seconds: number;
  /** Where they went, in order: `machines`, `ansible and kubernetes`, `proofgrid`. */
  readonly parts: Readonly<Record<string, number>>;
  /** Of our deploys. */
  readonly times?: DeployTimes;
}

/** Deploys a topology's cell from nothing, proves it, and removes it; the removal is not measured. */
export type DeployCell = (topology: string, signal: AbortSignal) => Promise<Round>;

export interface Subject {
  readonly name: string;
  /** How many times the baseline's median it may take. */
  readonly limit?: number;
  round(signal: AbortSignal): Promise<Round>;
}

/** The limits that the project has set itself. */
export const LIMITS = { 'all-in-one': 1.5, small: 1.8, ha: 3 } as const;

export function cellSubject(topology: keyof typeof LIMITS, deployCell: DeployCell): Subject {
  return { name: topology, limit: LIMITS[topology], round: (signal) => deployCell(topology, signal) };
}
