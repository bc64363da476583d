import type { ClusterDeployment } from './cluster-deployment.ts';
import type { Location } from './error.ts';
import type { LifecycleEvent, Outcome } from './event.ts';
import type { Path } from './location.ts';
import type { Operation, Step } from './operation.ts';

export interface RunRequest {
  /** An operation runs all its entry points; a step runs that one entry point alone. */
  readonly operation: Operation | Step;
  readonly cluster: ClusterDeployment;
  /** Path of an Ansible YAML inventory with one host per machine of the cluster, and how to reach it. Groups are ours. */
  readonly inventory: string;
  /** Directory, mode 0700, that keeps the cluster's CA and keys between runs. The operator backs it with a Secret. */
  readonly stateDirectory: string;
  /** Directory for ansible's own logs and the generated inventory; made when missing. */
  readonly logDirectory: string;
  /** Milliseconds for the whole operation; then `timed-out`. */
  readonly limitMs: number;
  /** Aborting ends every process of the run, and resolves with `aborted`. */
  readonly signal?: AbortSignal;
  /** Check mode: says what would change, changes nothing. */
  readonly check?: boolean;
  /** Ansible's strategy; `mitogen_linear` is used when it is installed, `linear` is always possible. */
  readonly strategy?: 'linear' | 'mitogen_linear';
  /** Where a field of the document stands, for failures that name one. */
  readonly locate?: (field: Path) => Location;
  /** `reset` only: id of the cluster that is removed although its state directory is lost; each machine's record has it. */
  readonly clusterId?: string;
  readonly onEvent?: (event: LifecycleEvent) => void;
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly changed: number;
  /** The first tasks that changed something, as `etcd: Place files on node-1`; absent when none did. */
  readonly changes?: readonly string[];
  /** Ansible's own log; absent when nothing was run. */
  readonly log?: string;
  readonly failure?: { step: string; task: string; host: string; message: string; path?: string };
  /** Admin kubeconfig, mode 0600, inside the state directory; present once the control plane step has run. */
  readonly kubeconfig?: string;
}

/** Runs one operation or step. Rejects only with a ProofgridError for bad input; everything else is an outcome. */
export type RunOperation = (request: RunRequest) => Promise<RunResult>;
