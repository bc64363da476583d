import path from 'node:path';
import { createArtifacts } from '../artifact/artifacts.ts';
import type { ImageArchive } from '../artifact/contract.ts';
import { readJournal } from '../journal/read.ts';
import { seeded } from '../matrix/deployment.ts';
import type { ClusterContext } from '../suite/check.ts';
import { loadTestImage, unloadTestImage } from '../suite/e2e/test-image.ts';
import type { CheckRequest } from './start-check.ts';
import type { CheckTarget } from './target.ts';

/** https://github.com/kubernetes/kubernetes/blob/v1.37.2/test/images/agnhost/VERSION */
export const REGISTRY_IMAGE = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

export interface Ready {
  readonly context: ClusterContext;
  /** Takes the test image away from nodes that did not have it. */
  readonly undo: () => Promise<void>;
}

/** With an image that its nodes have, or are given now. */
export async function readyContext(
  request: Pick<CheckRequest, 'runDirectory' | 'signal' | 'testImage'>,
  target: CheckTarget,
  log: (message: string) => void,
): Promise<Ready> {
  const { signal } = request;
  const nothing = async () => Promise.resolve();
  const bare = { ...target.context, signal, log };
  if (request.testImage !== undefined) return { context: { ...bare, testImage: request.testImage, testImagePulled: true }, undo: nothing };
  // A node says for minutes that it has what the check before has taken away: where its engine can be asked, it is.
  if (target.kept === undefined) return { context: { ...bare, testImage: commonImage(target) ?? REGISTRY_IMAGE, testImagePulled: true }, undo: nothing };
  const recorded = recordedImage(request.runDirectory, target.cell);
  const agnhost = recorded ?? (await createArtifacts().images({ signal, report: log })).agnhost;
  const context = { ...bare, testImage: agnhost.reference };
  const loaded = await loadTestImage(context, seeded(agnhost));
  return { context, undo: async () => unloadTestImage(context, agnhost.reference, loaded) };
}

/** An agnhost that every node says it has: it need not be pulled. */
function commonImage({ nodes: all }: CheckTarget): string | undefined {
  const [first, ...others] = all;
  return first?.images.find((image) => /\/agnhost:/.test(image) && others.every(({ images }) => images.includes(image)));
}

/** The archive that the run gave its machines, wherever it came from; runs of earlier versions do not say. */
export function recordedImage(runDirectory: string | undefined, cell: string): ImageArchive | undefined {
  if (runDirectory === undefined) return undefined;
  const { lines } = readJournal(path.join(runDirectory, 'journal.jsonl'));
  const properties = lines.filter((line) => line.type === 'property').filter((line) => line.cell === cell);
  const valueOf = (name: string) => properties.findLast((line) => line.name === name)?.value;
  const [reference, sha256] = [valueOf('agnhost.image'), valueOf('agnhost.sha256')];
  if (reference === undefined || sha256 === undefined) return undefined;
  return { name: 'agnhost', reference, directory: '', file: 'agnhost.tar', sha256, provenance: {} };
}
