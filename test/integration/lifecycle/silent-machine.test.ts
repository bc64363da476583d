import { execFileSync } from 'node:child_process';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lifecycleRunner } from '../../../lifecycle/run-operation.ts';
import { packageRoot } from '../../../lifecycle/root.ts';
import { clusterDeploymentSchema } from '../../../lifecycle/cluster-deployment.ts';
import { clusterDocument, fixture } from './fixture.ts';

const plugins = path.join(packageRoot, 'playbooks', 'plugins');
const CONFIGURATION = `[defaults]\ngathering = explicit\ntimeout = 3\nlibrary = ${plugins}/modules\naction_plugins = ${plugins}/action\nmodule_utils = ${plugins}/module_utils\n`;

const { spec } = clusterDocument;
// managed by way of this host's loopback, so their own addresses stand in the document
const cluster = clusterDeploymentSchema.parse({ ...clusterDocument, spec: { ...spec, machines: spec.machines.map((machine, index) => ({ ...machine, address: `10.9.8.${index + 1}` })) } });

const sockets = new Set<Socket>();
let server: Server;

// takes connections as a machine does whose kernel lives and whose processes do not
beforeAll(async () => {
  server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function inventory(): string {
  const { port } = server.address() as AddressInfo;
  const host = `{ansible_host: 127.0.0.1, ansible_port: ${port}, ansible_user: root, ansible_ssh_common_args: '-F none'}`;
  return `all:\n  hosts:\n    first: ${host}\n    second: ${host}\n`;
}

test.each(['linear', 'mitogen_linear'] as const)('a machine that is silent explains an API endpoint that is not ready, with %s', async (strategy) => {
  const { root, playbooksDirectory, request } = await fixture({
    'ansible.cfg': CONFIGURATION,
    'post-install.yml': `- hosts: control_plane[0]
  gather_facts: false
  tasks:
    - name: Verify the cluster
      verify_cluster:
        limit_seconds: 1
        endpoint:
          url: https://127.0.0.1:1
          ca: "{{ cluster_state_directory }}/../tls.crt"
          certificate: "{{ cluster_state_directory }}/../tls.crt"
          key: "{{ cluster_state_directory }}/../tls.key"
`,
  }, inventory());
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=x', '-days', '1', '-keyout', path.join(root, 'tls.key'), '-out', path.join(root, 'tls.crt')], { stdio: 'ignore' });
  const result = await lifecycleRunner({ playbooksDirectory })(request({ operation: 'post-install', cluster, strategy, limitMs: 60_000 }));
  expect(result).toMatchObject({ outcome: 'errored', failure: { task: 'Verify the cluster', host: 'first', message: expect.stringMatching(/timed out|could not be sent/i) as string } });
});
