import { releaseOf, type AxisValues } from './axis.ts';
import type { ComponentSource, EngineComponents } from './cell.ts';
import { isWrittenOut, rowOfContainerd, runtimeOf } from './runtime.ts';
import type { MatrixDocument } from './schema.ts';

/**
 * What goes with the engine of a combination. A package of the operating system has its own CNI plugins beside it, and a
 * release that the matrix file writes out brings what is written there: both have none of these.
 */
export function engineComponentsOf(document: MatrixDocument, values: AxisValues): EngineComponents<ComponentSource> {
  const { versions } = document;
  const { source } = runtimeOf(document, values.runtime);
  if (source === undefined || isWrittenOut(document, values.runtime)) return {};
  const { 'cni-plugins': plugins } = rowOfContainerd(versions, source.version);
  const { crictl } = versions.factsOf(values.kubernetes);
  return {
    // The user's own network finds its plugins where its manifest puts them: lifecycle/cluster-rules.ts.
    ...(plugins !== undefined && values.network !== 'manifest' && { 'cni-plugins': releaseOf(versions, 'cni-plugins', plugins) }),
    ...('version' in crictl && { crictl: releaseOf(versions, 'crictl', crictl.version) }),
  };
}
