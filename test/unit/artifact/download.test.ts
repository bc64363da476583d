import { expect, test } from 'vitest';
import { parseChecksum } from '../../../harness/artifact/download.ts';

const sum = 'a'.repeat(64);

test.each([sum, `${sum}\n`, `${sum}  kubelet\n`, `${sum.toUpperCase()} *kubelet`])('a checksum file %j', (text) => {
  expect(parseChecksum(text, 'http://m/kubelet.sha256')).toBe(sum);
});

test('the right line of a list', () => {
  const list = `${'b'.repeat(64)}  etcd-v3.5.1-darwin-amd64.zip\n${sum}  etcd-v3.5.1-linux-amd64.tar.gz\n`;
  expect(parseChecksum(list, 'http://m/SHA256SUMS', 'etcd-v3.5.1-linux-amd64.tar.gz')).toBe(sum);
});

test.each(['', '<html>not found</html>', 'abc', `${sum}0`])('%j is no checksum', (text) => {
  expect(() => parseChecksum(text, 'http://m/kubelet.sha256')).toThrow(/http:\/\/m\/kubelet.sha256 holds no SHA-256.*ARTIFACT_BAD_CHECKSUM_FILE/);
});

test('a list without the file', () => {
  expect(() => parseChecksum(`${sum} other\n`, 'u', 'etcd.tar.gz')).toThrow(/no SHA-256 of etcd.tar.gz/);
});
