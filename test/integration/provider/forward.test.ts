import { once, setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { sshDial } from '../../../harness/machine/forward.ts';
import { closeSshMasters, sshHost } from '../../../harness/machine/ssh.ts';
import type { Dial } from '../../../harness/suite/check.ts';
import { connect } from '../../../harness/suite/e2e/kube-api.ts';
import { presentedCertificate, probeHttp } from '../../../harness/suite/e2e/probe.ts';
import { Authority, writeKubeconfig } from '../../kubevirt/certificates.ts';
import { temporary, withLease } from './fixture.ts';

const { signal } = new AbortController();
setMaxListeners(0, signal);

/** Ports of the machine: HTTP, and TLS with a certificate for its address, and with one for another name. */
const [HTTP, RIGHT, WRONG, CLOSED] = [8080, 8443, 9443, 8081];

/** Certificate and key arrive on standard input, one after the other. */
const SERVERS = `import http.server, ssl, sys, threading
class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')
def serve(port, pair=None):
    server = http.server.ThreadingHTTPServer(('0.0.0.0', port), Quiet)
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()
serve(${HTTP})
serve(${RIGHT}, '/run/right.pem')
serve(${WRONG}, '/run/wrong.pem')
`;

async function apiThrough(dial: Dial, server: string, authority: Authority, directory: string) {
  const admin = await authority.issue('admin', { user: 'admin' });
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(await writeKubeconfig(join(directory, 'kubeconfig'), server, authority, admin));
  return connect(kubeConfig, { signal, dial });
}

test('connections to a machine over its login', async () => {
  await withLease(1, async ({ machines: [machine] }) => {
    if (machine === undefined) return expect.fail('no machine');
    const { address } = machine;
    const host = sshHost(machine, []);
    const directory = temporary('forward');
    const authority = await Authority.create(join(directory, 'pki'));
    for (const [name, subject] of [['right', `IP:${address}`], ['wrong', 'DNS:somebody-else']] as const) {
      const { certificate, key } = await authority.issue(name, { user: name, names: [subject] });
      const pem = `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`;
      await host.exec(['tee', `/run/${name}.pem`], { input: pem });
    }
    await host.exec(['tee', '/run/servers.py'], { input: SERVERS });
    const started = await host.exec(['systemd-run', '--unit=servers', 'python3', '/run/servers.py']);
    expect(started.exitCode, started.stderr).toBe(0);

    const dial = sshDial([machine]);
    await expect.poll(async () => probeHttp({ signal, dial }, `https://${address}:${WRONG}/`), { timeout: 180_000 }).toEqual({ status: 200, error: '' });
    expect(await probeHttp({ signal, dial }, `http://${address}:${HTTP}/`)).toEqual({ status: 200, error: '' });
    expect(await probeHttp({ signal, dial }, `http://${address}:${CLOSED}/`), 'nobody listens')
      .toEqual({ status: 0, error: `m1 gets no connection to ${address}:${CLOSED}` });
    await expect(presentedCertificate({ signal, dial }, address, CLOSED)).rejects.toMatchObject({ observed: `m1 gets no connection to ${address}:${CLOSED}` });
    expect((await presentedCertificate({ signal, dial }, address, WRONG)).subjectAltName).toBe('DNS:somebody-else');

    const right = await apiThrough(dial, `https://${address}:${RIGHT}`, authority, directory);
    const answers = await Promise.all(Array.from({ length: 30 }, async () => right.send({ path: '/' })));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)), 'many at a time').toEqual(new Set(['200 {}']));
    const wrong = await apiThrough(dial, `https://${address}:${WRONG}`, authority, directory);
    await expect(wrong.send({ path: '/' }), "a certificate must have the machine's own address").rejects.toMatchObject({ observed: 'ERR_TLS_CERT_ALTNAME_INVALID' });

    const unreachable = { ...machine, name: 'm0', address: '192.0.2.1', via: { address: '127.0.0.1', port: 1 } };
    const lost = { code: 'MACHINE_UNREACHABLE', fault: 'infrastructure' };
    await expect(probeHttp({ signal, dial: sshDial([unreachable]) }, 'http://192.0.2.1:1/'), 'no answer is no refusal').rejects.toMatchObject(lost);
    expect(await probeHttp({ signal, dial: sshDial([unreachable, machine]) }, `http://127.0.0.1:${HTTP}/`), 'an address that is no machine\'s, by any of them').toEqual({ status: 200, error: '' });

    const broken = async (made: Promise<Duplex>) => {
      const stream = await made;
      stream.resume();
      return once(stream, 'close').then(() => undefined, (error: unknown) => error);
    };
    const silent = [broken(dial(address, HTTP)), broken(dial('127.0.0.1', HTTP))];
    // both are there once the machine knows of them
    const connections = async () => (await host.exec(['ss', '-Htn', 'state', 'established', `sport = :${HTTP}`])).stdout.trim().split('\n').length;
    await expect.poll(connections, { timeout: 180_000 }).toBe(2);
    await closeSshMasters([machine]);
    expect(await silent[0], 'the login is lost').toMatchObject(lost);
    expect(await silent[1], 'elsewhere than to the machine itself').toMatchObject({ message: `the connection to 127.0.0.1:${HTTP} broke with the login to m1` });
  });
});
