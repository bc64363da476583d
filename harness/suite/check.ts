import type { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterDeployment } from '../../lifecycle/cluster-deployment.ts';
import type { RunOperation, RunResult } from '../../lifecycle/run.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine of the cluster as a check sees it. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly string[];
  /** Runs one command over SSH, each word passed as it is. Rejects only when the machine cannot be reached or the limit (milliseconds) is over. */
  exec(command: readonly string[], options?: { readonly input?: string; readonly limitMs?: number }): Promise<CommandResult>;
}

/**
 * Opens a connection to a port of the cluster, the machines' addresses being as they know them. Rejects, or ends the stream,
 * with a `ProofgridError` when the machines cannot be reached, with any other error when nobody answers there.
 */
export type Dial = (address: string, port: number) => Promise<Duplex>;

/**
 * What a check may want that not every cluster comes with: `document`, the ClusterDeployment that says what it should be;
 * `machines`, a login on each of them; `disruption`, leave to stop or restart what others may be using; `operations`, those of the
 * lifecycle runner on this cluster.
 */
export const NEEDS = ['document', 'machines', 'disruption', 'operations'] as const;
export type Need = (typeof NEEDS)[number];

/** The live cluster, and all that a check may touch of it. */
export interface ClusterContext {
  readonly deployment: ClusterDeployment;
  readonly hosts: readonly Host[];
  /** Cluster-admin, through the API endpoint. */
  readonly kubeConfig: KubeConfig;
  /** Only where the machines' addresses lead nowhere from here. */
  readonly dial?: Dial;
  readonly signal: AbortSignal;
  /** Need → why there is none of it here; checks with that need are skipped with this reason. */
  readonly missing?: { readonly [need in Need]?: string };
  /**
   * Share, up to 1, of the limits within which pods start, policies take effect and figures come. Less than 1 only where
   * somebody has broken the cluster before and knows that the check would wait in vain.
   */
  readonly patience?: number;
  readonly log: (message: string) => void;
  /** Reference of the image with agnhost that every node has, or may pull. */
  readonly testImage: string;
  /** Default: never. */
  readonly testImagePulled?: boolean;
  /** Runs an operation again on this very cluster, through the lifecycle runner, until the signal ends it. */
  readonly operate: (operation: Parameters<RunOperation>[0]['operation'], signal: AbortSignal) => Promise<RunResult>;
  /** Only where the provider can. */
  readonly power?: { off(machine: string): Promise<void>; on(machine: string): Promise<void> };
  /** Why there is no `power`, as the provider says. */
  readonly powerMissing?: string;
}

/** What a check saw. `expected` and `observed` are for a person, and comparable at a glance. */
export interface Observation {
  readonly passed: boolean;
  readonly expected: string;
  readonly observed: string;
  /** A file that says more. */
  readonly evidence?: string;
}

/** A real fault on a live cluster that must turn its check red. */
export interface Sabotage {
  readonly name: string;
  /** Breaks the cluster and resolves once the fault is in; the function returned mends it again. */
  apply(context: ClusterContext): Promise<() => Promise<void>>;
  /** What the check must then observe: red for any other reason does not count. */
  readonly observed: RegExp;
}

/** One assertion against a live cluster. A check with no sabotage does not compile. */
export interface Check {
  /** Stable, kebab-case: `pod-to-pod-across-nodes`. */
  readonly name: string;
  readonly title: string;
  /** Milliseconds; the reason for the number stands beside it. */
  readonly limitMs: number;
  readonly needs?: readonly Need[];
  /**
   * Names of checks whose failure explains a failure of this one, which is then skipped as blocked by them: a report shows
   * one cause, not all that follows from it. They stand in an earlier phase, or in the same one.
   */
  readonly blockedBy?: readonly string[];
  /** A reason to skip on this cluster, or undefined to run. */
  skip?(context: ClusterContext): string | undefined;
  run(context: ClusterContext): Promise<Observation>;
  readonly sabotages: readonly [Sabotage, ...Sabotage[]];
}
