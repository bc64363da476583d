import { existsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { totalmem } from 'node:os';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { LeaseRequest } from '../contract.ts';
import type { Engine } from './engine.ts';
import { MOST_MACHINES } from './network.ts';

/** RFC 1123 label, as names of hosts and of Kubernetes nodes are; short enough for the container's name too. */
const MACHINE_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Refuses what can never work before anything is made. Resolves with the image and its digest. */
export async function checkRequest(engine: Engine, request: LeaseRequest): Promise<{ readonly image: string; readonly digest: string }> {
  const names = request.machines.map(({ name }) => name);
  const strange = names.find((name, index) => !MACHINE_NAME.test(name) || names.indexOf(name) !== index);
  if (strange !== undefined) throw refused('usage', `the machine name ${JSON.stringify(strange)} is no RFC 1123 label, or not unique`);
  if (names.length === 0 || names.length > MOST_MACHINES) {
    throw refused('usage', `${names.length} machines were asked for, and a lease has 1 to ${MOST_MACHINES}`);
  }
  const tooBig = request.machines.find(({ memory }) => memory > totalmem());
  if (tooBig !== undefined) {
    throw refused('infrastructure', `machine ${tooBig.name} wants ${gibibytes(tooBig.memory)} of memory, and this host has ${gibibytes(totalmem())}`);
  }
  const noSeed = request.seeds.find(({ source }) => !isAbsolute(source) || statSync(source, { throwIfNoEntry: false }) === undefined);
  if (noSeed !== undefined) throw refused('infrastructure', `the directory ${noSeed.source} for ${noSeed.target} does not exist`);
  if (request.dualStack === true && !existsSync('/proc/net/if_inet6')) throw refused('infrastructure', 'the cell is dual-stack, and this host has no IPv6');
  const { image } = request;
  if (image === undefined) throw refused('usage', 'no image was asked for');
  const digest = await engine.imageDigest(image);
  if (digest === undefined) throw refused('infrastructure', `${engine.name} has no image ${image}`);
  return { image, digest };
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function refused(fault: 'usage' | 'infrastructure', what: string): ProofgridError {
  return new ProofgridError({
    code: 'LEASE_REQUEST_IMPOSSIBLE',
    fault,
    what,
    remedy: fault === 'usage' ? 'correct the topology' : 'choose a smaller topology, or run proofgrid doctor',
  });
}
