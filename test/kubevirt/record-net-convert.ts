/**
 * Writes test/kubevirt/cloud-init/net-convert.json: what cloud-init's own `devel net-convert` makes of the network-data of a
 * machine on the shipped site multus, for each of its renderers. Debian's packages, unpacked, are enough:
 *
 *   node --import ./test/integration/provider/typescript-loader.mjs test/kubevirt/record-net-convert.ts VERSION=PYTHONPATH...
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import type { KubeObject } from '../../harness/provider/kubevirt/objects.ts';
import { renderCell } from '../../harness/provider/kubevirt/render.ts';
import { loadSite } from '../../harness/provider/kubevirt/site.ts';
import { planned } from '../unit/provider/kubevirt/cells.ts';

/** Renderer → a distribution that uses it; net-convert knows paths by that. */
const RENDERERS = { netplan: 'ubuntu', networkd: 'debian', eni: 'debian', sysconfig: 'rhel', 'network-manager': 'fedora' } as const;

const versions = process.argv.slice(2).map((word) => word.split('=') as [string, string]);
if (versions.length === 0) throw new Error('name VERSION=PYTHONPATH at least once');

const site = await loadSite('multus');
const secret = renderCell(await planned('all-in-one', site), site).find(({ kind }) => kind === 'Secret') as KubeObject & { data: { networkdata: string } };
const input = Buffer.from(secret.data.networkdata, 'base64').toString();

const outputs = versions.map(([version, pythonPath]) => {
  const rendered = Object.entries(RENDERERS).map(([renderer, distro]) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'net-convert-'));
    const file = path.join(directory, 'network-data.yaml');
    writeFileSync(file, input);
    const words = ['-W', 'ignore', '-m', 'cloudinit.cmd.main', 'devel', 'net-convert', '--network-data', file, '--kind', 'yaml', '--output-kind', renderer, '--distro', distro, '--directory', path.join(directory, 'out')];
    execaSync('/usr/bin/python3', words, { env: { PYTHONPATH: pythonPath } });
    const files = readdirSync(path.join(directory, 'out'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)).sort();
    const texts = files.map((name) => [name.slice(path.join(directory, 'out').length), readFileSync(name, 'utf8').replace(/^#.*\n/gm, '')]);
    rmSync(directory, { recursive: true });
    return [renderer, Object.fromEntries(texts)];
  });
  return [version, Object.fromEntries(rendered)];
});
writeFileSync(new URL('cloud-init/net-convert.json', import.meta.url), `${JSON.stringify({ input, outputs: Object.fromEntries(outputs) as object }, null, 1)}\n`);
