import { expect, test } from 'vitest';
import { mirrorsOf, throughMirrors, type Mirror } from '../../../../harness/artifact/debian/mirror.ts';
import { ProofgridError } from '../../../../lifecycle/error.ts';

const urls = (...args: Parameters<typeof mirrorsOf>) => mirrorsOf(...args).map(({ main }) => main);

test('a mirror comes from the options, else the environment, else from Debian', () => {
  expect(mirrorsOf('bookworm', { main: 'http://a' }, { PROOFGRID_DEBIAN_MIRROR: 'http://b', PROOFGRID_DEBIAN_SECURITY_MIRROR: 'http://c' }))
    .toEqual([{ main: 'http://a', security: 'http://c', archive: false }]);
  expect(urls('trixie', {}, {})).toEqual(['http://deb.debian.org/debian']);
  expect(urls('trixie', {}, { PROOFGRID_DEBIAN_MIRROR: '', PROOFGRID_DEBIAN_MIRROR_TRIXIE: ' ' })).toEqual(['http://deb.debian.org/debian']);
});

test('a suite that has left support is looked for in the archive too', () => {
  expect(urls('bullseye', {}, { PROOFGRID_DEBIAN_MIRROR: 'http://b' })).toEqual(['http://b', 'http://archive.debian.org/debian']);
  expect(mirrorsOf('bullseye', {}, {})[1]?.archive).toBe(true);
});

test('a suite has mirrors of its own, in the order they are tried', () => {
  const env = { PROOFGRID_DEBIAN_MIRROR: 'http://b', PROOFGRID_DEBIAN_MIRROR_BULLSEYE: 'http://c  http://d' };
  expect(urls('bullseye', {}, env)).toEqual(['http://c', 'http://d']);
  expect(urls('bookworm', {}, env)).toEqual(['http://b']);
  expect(urls('bullseye', { suites: { bullseye: ['http://e'] } }, env)).toEqual(['http://e']);
});

const mirror = (main: string): Mirror => ({ main, security: 'http://s', archive: false });
const failed = (what: string) => new ProofgridError({ code: 'ARTIFACT_COMMAND_FAILED', fault: 'infrastructure', what });

test('the first mirror that gives it ends the search', async () => {
  const asked: string[] = [];
  const given = await throughMirrors('bookworm', ['a', 'b', 'c'].map(mirror), 'hello', ({ main }) => {
    asked.push(main);
    return main === 'a' ? Promise.reject(failed('no')) : Promise.resolve(main);
  });
  expect(given).toBe('b');
  expect(asked).toEqual(['a', 'b']);
});

test('when none does, one error says what each of them said and what to do', async () => {
  const said = {
    'http://a': 'apt-get failed (exit code 100): Err:1 http://a | E: Failed to fetch http://a/pool/k.dsc  404  Not Found [IP: 192.0.2.1 80] | E: Failed to fetch some archives.',
    'http://b': 'apt-get failed (exit code 100): something else',
  } as const;
  const attempt = ({ main }: Mirror) => Promise.reject(failed(said[main as keyof typeof said]));
  const error: unknown = await throughMirrors('bullseye', [mirror('http://a'), mirror('http://b')], 'kubernetes=1', attempt).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'ARTIFACT_MIRRORS_FAILED', fault: 'infrastructure' });
  expect((error as ProofgridError).message).toBe(
    'no mirror gives kubernetes=1 of Debian bullseye (http://a: http://a/pool/k.dsc 404 Not Found [IP: 192.0.2.1 80]; '
    + 'http://b: apt-get failed (exit code 100): something else); '
    + 'name one that does in PROOFGRID_DEBIAN_MIRROR_BULLSEYE; several, with spaces between them, are tried in turn [ARTIFACT_MIRRORS_FAILED]',
  );
});

test('what is no answer of a mirror is not tried elsewhere', async () => {
  const stop = new Error('stopped');
  await expect(throughMirrors('bookworm', [mirror('a'), mirror('b')], 'hello', () => Promise.reject(stop))).rejects.toBe(stop);
});
