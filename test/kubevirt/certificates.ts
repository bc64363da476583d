import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Paths of one certificate and its key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  readonly user: string;
  readonly groups?: readonly string[];
  /** As openssl writes subjectAltName: `IP:127.0.0.1`, `DNS:localhost`. */
  readonly names?: readonly string[];
}

/** A certificate authority in a directory of its own, for one control plane of a test. */
export class Authority {
  readonly certificate: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.certificate = join(directory, 'ca.crt');
  }

  static async create(directory: string): Promise<Authority> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const authority = new Authority(directory);
    await openssl([...REQUEST, '-keyout', join(directory, 'ca.key'), '-out', authority.certificate, '-subj', '/CN=test-ca']);
    return authority;
  }

  /** A certificate for servers and clients alike, valid for a day. */
  async issue(name: string, { user, groups = [], names = [] }: Subject): Promise<KeyPair> {
    const pair = { certificate: join(this.#directory, `${name}.crt`), key: join(this.#directory, `${name}.key`) };
    const subject = [...groups.map((group) => `/O=${group}`), `/CN=${user}`].join('');
    await openssl([
      ...[...REQUEST, '-CA', this.certificate, '-CAkey', join(this.#directory, 'ca.key')],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
      ...(names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`]),
      ...['-keyout', pair.key, '-out', pair.certificate, '-subj', subject],
    ]);
    return pair;
  }
}

const REQUEST = ['req', '-x509', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];

async function openssl(words: readonly string[]): Promise<void> {
  await execa('openssl', words, { stdin: 'ignore', timeout: 120_000 });
}

/** What kubectl and the product read, with everything inside the file. */
export async function writeKubeconfig(path: string, server: string, authority: Authority, { certificate, key }: KeyPair): Promise<string> {
  const data = async (file: string) => (await readFile(file)).toString('base64');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': await data(authority.certificate) } }],
    users: [{ name: 'test', user: { 'client-certificate-data': await data(certificate), 'client-key-data': await data(key) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  // JSON is YAML
  await writeFile(path, JSON.stringify(document), { mode: 0o600 });
  return path;
}
