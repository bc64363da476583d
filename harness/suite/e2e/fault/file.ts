import { randomBytes } from 'node:crypto';
import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

/** Not below /tmp or /run: those may be mounted noexec, and some of these files are programs. */
const PLACE = '/var/tmp';

/**
 * Lays another content over a file with a bind mount: the original is never touched, so mending cannot lose it.
 * Owner and mode stay. Links are followed; only processes started from now on see it.
 */
export async function replaceFile(host: Host, path: string, content: string, mend: Mend): Promise<void> {
  await overlay(host, path, mend, async (draft) => void (await must(host, ['tee', draft], { input: content })));
}

/** The same with the original edited by `sed`, for files too large to carry over the network. */
export async function editFile(host: Host, path: string, expression: string, mend: Mend): Promise<void> {
  await overlay(host, path, mend, async (draft, target) => {
    await must(host, ['cp', '-p', target, draft]);
    await must(host, ['sed', '-i', expression, draft]);
  });
}

/**
 * Puts a wrapper in a program's place that starts it with more arguments; the last of two equal flags wins. Flags that are
 * lists add up instead: of what was there, `--name` of `without` leaves out the flag, `--name=item` that item of its list.
 */
export async function addArguments(host: Host, program: string, extra: readonly string[], mend: Mend, without: readonly string[] = []): Promise<void> {
  const original = draftPath();
  mend(() => must(host, ['rm', '-f', original]));
  const target = (await must(host, ['readlink', '-f', program])).trim();
  await must(host, ['cp', target, original]);
  const drop = without.map((left) => `for word do shift; case "$word" in ${leaveOut(left)};; *) set -- "$@" "$word";; esac; done\n`).join('');
  await replaceFile(host, program, `#!/bin/sh\n${drop}exec ${original} "$@" ${extra.join(' ')}\n`, mend);
}

function leaveOut(left: string): string {
  const [flag = '', item] = left.split('=');
  const rest = item === undefined ? '' : ` set -- "$@" "$(printf '%s' "$word" | sed -E 's/([=,])${item}(,|$)/\\1/; s/,$//')"`;
  return `${flag}=*)${rest}`;
}

async function overlay(host: Host, path: string, mend: Mend, write: (draft: string, target: string) => Promise<void>): Promise<void> {
  const target = (await must(host, ['readlink', '-f', path])).trim();
  const draft = draftPath();
  mend(() => must(host, ['rm', '-f', draft]));
  await write(draft, target);
  await must(host, ['chmod', `--reference=${target}`, draft]);
  await must(host, ['chown', `--reference=${target}`, draft]);
  mend(() => must(host, ['umount', '--lazy', target]));
  await must(host, ['mount', '--bind', draft, target]);
}

function draftPath(): string {
  return `${PLACE}/proofgrid-sabotage-${randomBytes(6).toString('hex')}`;
}

/** Makes a directory read-only for everyone, as a kernel does with a disk that fails. */
export async function readOnlyDirectory(host: Host, path: string, mend: Mend): Promise<void> {
  mend(() => must(host, ['umount', '--lazy', path]));
  await must(host, ['mount', '--bind', path, path]);
  await must(host, ['mount', '-o', 'remount,bind,ro', path]);
}
