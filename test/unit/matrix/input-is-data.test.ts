import path from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { toClusterDeployment } from '../../../harness/matrix/deployment.ts';
import type { Matrix } from '../../../harness/matrix/load.ts';
import { matrixSchema } from '../../../harness/matrix/schema.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { DocumentError } from '../../../lifecycle/document.ts';
import { canaries, written } from '../../every-field.ts';
import { textFields, textsIn, withText, type TextAt } from '../../schema-strings.ts';
import { changed, parseMatrix } from './shipped.ts';

const sha256 = 'a'.repeat(64);
const released = { engine: 'docker', version: '27.5.1', source: { type: 'upstream', url: 'https://mirror.example/docker', sha256 } };
const containerd = { engine: 'containerd', version: '1.7.27', source: { type: 'upstream', url: 'https://mirror.example/containerd', runc: { url: 'https://mirror.example/runc', version: '1.2.6' } } };
const none = { type: 'none', reason: 'text' };
const runtimes = ['containerd', 'docker', 'containerd-2.4.2', released, containerd];

/** Matrices that together have every field of a cell that holds texts. */
const MATRICES = [
  { 'axes.topology.values.0.machines.0.cpus': '1500m', 'axes.network.manifest': 'mine.yaml', 'axes.network.default': 'manifest', dns: none, policy: none, metrics: none, storage: none },
  { 'axes.runtime.values': runtimes, 'axes.kubernetes.values': ['1.20', '1.34', '1.35', '1.36', '1.37'], 'axes.etcd.values': ['3.4', '3.5', '3.6'], dns: { type: 'coredns', image: 'localhost/coredns:1' } },
].map((changes) => parse(changed(changes)) as object);

/** What only chooses among cells: no text of these is a part of one. */
const CHOOSING = /^(?:tiers\.|constraints\[\])/;
/** All that a document takes over as it is written; the lifecycle runner's tests prove that they are data there. */
const FREE = ['axes.network.manifest', 'dns.reason', 'metrics.reason', 'policy.reason', 'storage.reason'];

/** One text of each field. */
const texts = MATRICES.flatMap((matrix) => textsIn(matrixSchema, matrix).filter(({ field }) => !CHOOSING.test(field)).map((at) => ({ matrix, at })))
  .filter(({ at }, index, all) => all.findIndex((other) => other.at.field === at.field) === index);

function read(matrix: object, at: TextAt): Matrix | DocumentError {
  try {
    return parseMatrix(written(matrix, at).text, 'm.yaml');
  } catch (error) {
    if (error instanceof DocumentError) return error;
    throw error;
  }
}

/** The document of a cell on one machine, as if all that it needs were built. */
function documentOf(matrix: Matrix) {
  const [cell] = selectCells(matrix, { names: ['all-in-one'] });
  if (cell === undefined) throw new Error('no cell');
  const binaries = (version: string) => ({ version, directory: '/cache', sha256: {}, digest: sha256, provenance: {} });
  const image = (name: string) =>
    ({ name, reference: `localhost/${name}:1`, directory: '/cache', file: `${name}.tar`, sha256, provenance: {} });
  return toClusterDeployment({
    cell, kubernetes: binaries('1.37.2'), etcd: binaries('3.6.16'), images: { pause: image('pause'), addOns: { coredns: image('coredns') } },
    engineComponents: {}, seeds: { kubernetes: { source: '/cache', target: '/opt/seed' }, engineComponents: {} }, lease: { id: 'lease' },
  });
}

test('the matrices are valid, and have every field of a cell that holds texts', () => {
  for (const matrix of MATRICES) expect(matrixSchema.safeParse(matrix).error).toBeUndefined();
  const covered = new Set(texts.map(({ at: { field } }) => field));
  expect(textFields(matrixSchema).filter((field) => !CHOOSING.test(field) && !covered.has(field))).toEqual([]);
});

test('a template reaches a document as it is written, or is refused with its line and column', () => {
  const arrived = new Set<string>();
  for (const { matrix, at } of texts) {
    for (const canary of canaries('/canary')) {
      const poisoned = withText(matrix, at, canary);
      const found = read(poisoned, at);
      if (found instanceof DocumentError) {
        const { line, column } = written(poisoned, at);
        expect(found.problems.map(({ where }) => `${where?.line}:${where?.column}`), `${at.field}: ${canary}`).toContain(`${line}:${column}`);
      } else if (JSON.stringify(documentOf(found)).includes(JSON.stringify(at.field === 'axes.network.manifest' ? path.normalize(canary) : canary).slice(1, -1))) {
        arrived.add(at.field);
      } else {
        // The path of the versions file is no part of a cell.
        expect(at.field).toBe('versions');
      }
    }
  }
  expect([...arrived].sort()).toEqual(FREE);
});
