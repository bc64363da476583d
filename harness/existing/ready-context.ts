import { createArtifacts } from '../artifact/artifacts.ts';
import { seeded } from '../matrix/deployment.ts';
import type { ClusterContext } from '../suite/check.ts';
import { loadTestImage, unloadTestImage } from '../suite/e2e/test-image.ts';
import type { CheckRequest } from './start-check.ts';
import type { CheckTarget } from './target.ts';

/** https://github.com/kubernetes/kubernetes/blob/v1.37.2/test/images/agnhost/VERSION */
const REGISTRY_IMAGE = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

export interface Ready {
  readonly context: ClusterContext;
  /** Takes the test image away from nodes that did not have it. */
  readonly undo: () => Promise<void>;
}

/** With an image that its nodes have, or are given now. */
export async function readyContext(request: Pick<CheckRequest, 'signal' | 'testImage'>, target: CheckTarget, log: (message: string) => void): Promise<Ready> {
  const { signal } = request;
  const nothing = async () => Promise.resolve();
  const bare = { ...target.context, signal, log };
  if (request.testImage !== undefined) return { context: { ...bare, testImage: request.testImage, testImagePulled: true }, undo: nothing };
  // A node says for minutes that it has what the check before has taken away: where its engine can be asked, it is.
  if (target.kept === undefined) return { context: { ...bare, testImage: commonImage(target) ?? REGISTRY_IMAGE, testImagePulled: true }, undo: nothing };
  const { agnhost } = await createArtifacts().images({ signal, report: log });
  const context = { ...bare, testImage: agnhost.reference };
  const loaded = await loadTestImage(context, seeded(agnhost));
  return { context, undo: async () => unloadTestImage(context, agnhost.reference, loaded) };
}

/** An agnhost that every node says it has: it need not be pulled. */
function commonImage({ nodes: all }: CheckTarget): string | undefined {
  const [first, ...others] = all;
  return first?.images.find((image) => /\/agnhost:/.test(image) && others.every(({ images }) => images.includes(image)));
}
