import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { KubernetesSource } from '../../matrix/cell.ts';
import { downloadFile, downloadText, parseChecksum } from '../download.ts';
import type { Recipe } from '../recipe.ts';
import { KUBERNETES_BINARIES } from './version.ts';

/** Enough to fill a line, few enough that a mirror does not mind. */
const PARALLEL_DOWNLOADS = 3;

/** Kubernetes from a mirror laid out as the upstream download site: https://kubernetes.io/releases/download/ */
export function upstreamKubernetesRecipe({ url, version }: Extract<KubernetesSource, { type: 'upstream' }>): Recipe {
  const base = `${url.replace(/\/+$/, '')}/v${version}/bin/linux/amd64`;
  return {
    kind: 'kubernetes',
    name: `Kubernetes ${version} from ${new URL(url).host}`,
    version: 1,
    inputs: { upstream: base },
    estimateMs: 60_000,
    limitMs: 60 * 60_000,
    async build(site) {
      const limit = pLimit(PARALLEL_DOWNLOADS);
      // One failure ends the others: their files would be thrown away.
      const failure = new AbortController();
      const signal = AbortSignal.any([site.signal, failure.signal]);
      const fetchOne = async (name: string) => {
        const sum = parseChecksum(await downloadText(`${base}/${name}.sha256`, signal), `${base}/${name}.sha256`);
        site.step(`downloading ${name}`);
        await downloadFile(`${base}/${name}`, join(site.output, name), sum, signal);
        await chmod(join(site.output, name), 0o755);
      };
      const downloads = KUBERNETES_BINARIES.map((name) => limit(fetchOne, name));
      try {
        await Promise.all(downloads);
      } catch (error) {
        failure.abort(error);
        await Promise.allSettled(downloads);
        throw error;
      }
      const reported = (await site.run([join(site.output, 'kubelet'), '--version'])).trim();
      if (reported !== `Kubernetes v${version}`) throw new Error(`the mirror's kubelet calls itself "${reported}", not v${version}`);
      return { version };
    },
  };
}
