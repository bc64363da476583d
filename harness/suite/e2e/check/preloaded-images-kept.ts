import type { Check, ClusterContext, Host } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { holdsImage, loadImage, pinImage, pinnedImages, removeImage } from '../preloaded-image.ts';

/** Percent of the image disk; above the threshold a kubelet removes images, so 100 is never. */
const NEVER = 100;

export const preloadedImagesKept: Check = {
  name: 'preloaded-images-kept',
  title: 'Every preloaded image is on every node, and neither the kubelet nor a full disk will remove it',
  // A few commands on each machine and one request to each kubelet.
  limitMs: 60_000,
  needs: ['document', 'machines'],
  blockedBy: ['nodes-ready'],
  skip: ({ deployment: { spec } }) => (spec.runtime.images.length > 0 ? undefined : 'no image is preloaded: a registry has them all'),
  async run(context) {
    const complaints = await Promise.all(nodes(context).map((host) => complain(context, host)));
    const { length } = context.deployment.spec.runtime.images;
    return judgeComplaints(`${length} images kept on ${nodes(context).length} nodes`, complaints.flat());
  },
  sabotages: [
    {
      name: 'image-removed',
      observed: /: \S+ is missing/,
      apply: faulty(async (context, mend) => {
        const { images, name } = context.deployment.spec.runtime;
        const host = last(nodes(context));
        const image = images.at(-1);
        if (image === undefined) throw new Error('skip() lets no cluster without images pass');
        mend(() => loadImage(host, name, image));
        await removeImage(host, name, image);
      }),
    },
    {
      name: 'threshold-lowered',
      observed: /: the kubelet removes images above 85 % of the disk/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => nodesReady(context));
        mend(() => restartUnit(host, 'kubelet'));
        await editFile(host, '/etc/kubernetes/kubelet.yaml', String.raw`s/\(imageGCHighThresholdPercent"\?: *\)100/\185/`, mend);
        await restartUnit(host, 'kubelet');
        await nodesReady(context);
      }),
    },
    {
      name: 'pin-removed',
      observed: /: \S+ is not pinned/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { reference } = context.deployment.spec.runtime.images[0] ?? {};
        if (reference === undefined) throw new Error('skip() lets no cluster without images pass');
        mend(() => pinImage(host, reference, true));
        await pinImage(host, reference, false);
      }),
    },
  ],
};

async function complain(context: ClusterContext, host: Host): Promise<string[]> {
  const { name: runtime, images } = context.deployment.spec.runtime;
  const held = await Promise.all(images.map(({ reference }) => holdsImage(host, runtime, reference)));
  // Docker knows no pins: there the threshold is all that keeps an image.
  const pinned = runtime === 'docker' ? undefined : await pinnedImages(host);
  const { kubeletconfig } = await kube(context).get<{ kubeletconfig: { imageGCHighThresholdPercent?: number } }>(`/api/v1/nodes/${host.name}/proxy/configz`);
  const threshold = kubeletconfig.imageGCHighThresholdPercent ?? 85;
  return [
    ...images.flatMap(({ reference }, index) => {
      if (held[index] !== true) return [`${host.name}: ${reference} is missing`];
      return pinned?.includes(reference) === false ? [`${host.name}: ${reference} is not pinned`] : [];
    }),
    ...(threshold < NEVER ? [`${host.name}: the kubelet removes images above ${threshold} % of the disk`] : []),
  ];
}
