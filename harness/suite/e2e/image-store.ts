import type { Runtime } from '../../../lifecycle/cluster-deployment.ts';
import type { Host } from '../check.ts';
import { complaint } from './machine.ts';

/** containerd keeps the images of namespaces apart; Docker knows none, and there the name says whose it is. */
const NAMESPACE = 'proofgrid-e2e';
/** Milliseconds: some kilobytes. */
const LIMIT = 30_000;

/** An archive as `docker save` writes it, which containerd imports as well: one layer with one file. Prints nothing unless asked: `python3 … NAME`. */
const ARCHIVE = `import hashlib, io, json, platform, sys, tarfile
def archive(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
layer = archive([('proof', sys.argv[1].encode())])
architecture = {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())
config = json.dumps({'architecture': architecture, 'os': 'linux', 'config': {}, 'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(layer).hexdigest()]}}).encode()
manifest = json.dumps([{'Config': 'config.json', 'RepoTags': [sys.argv[1]], 'Layers': ['layer.tar']}]).encode()
sys.stdout.buffer.write(archive([('manifest.json', manifest), ('config.json', config), ('layer.tar', layer)]))
`;

const STORE: Readonly<Record<Runtime, { readonly load: string; readonly read: string; readonly remove: string }>> = {
  containerd: {
    load: `ctr --namespace ${NAMESPACE} images import -`,
    // Over its transfer service, ctr 2 ends before it has written all that it got: MarshalAny() in core/transfer/archive/exporter.go.
    read: `ctr --namespace ${NAMESPACE} images export $(ctr images export --help | grep --only-matching --max-count=1 -e --local) - "$1"`,
    remove: `ctr --namespace ${NAMESPACE} images remove --sync "$1"; ctr namespaces remove ${NAMESPACE}`,
  },
  docker: { load: 'docker load', read: 'docker save "$1"', remove: 'docker image rm --force "$1"' },
};

/** Stores an image of some kilobytes, unpacked, reads it again, and removes it. Why it cannot, or undefined. */
export async function storeComplaint(host: Host, runtime: Runtime, reference: string): Promise<string | undefined> {
  const { load, read, remove } = STORE[runtime];
  const run = (script: string) => host.exec(['bash', '-c', `set -o pipefail; ${script}`, 'store', reference, ARCHIVE], { limitMs: LIMIT });
  try {
    const stored = await run(`python3 -I -c "$2" "$1" | ${load} 2>&1 >/dev/null`);
    if (stored.exitCode !== 0) return `an image cannot be stored: ${complaint(stored)}`;
    const again = await run(`${read} | grep --count --text --fixed-strings "$1"`);
    return again.exitCode === 0 ? undefined : `an image cannot be read again: ${complaint(again)}`;
  } finally {
    await run(`{ ${remove}; } >/dev/null 2>&1`);
  }
}
