import { open } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { ProofgridError } from './error.ts';

export interface Strategy {
  readonly name: 'linear' | 'mitogen_linear';
  /** Directory of the strategy's plugin, for one that is not ansible's own. */
  readonly plugins?: string;
}

/**
 * Asked of the Python that runs ansible: where mitogen's strategies lie, and whether it supports this ansible-core.
 * Mitogen refuses a newer core only once the first play starts, which is too late to fall back.
 */
const PROBE = `
import importlib.util, os, re
mitogen = importlib.util.find_spec('ansible_mitogen')
if mitogen:
    root = os.path.dirname(mitogen.origin)
    from ansible.release import __version__
    core = tuple(int(part) for part in __version__.split('.')[:2])
    highest = re.search(r'^ANSIBLE_VERSION_MAX = \\((\\d+), (\\d+)', open(root + '/loaders.py').read(), re.M)
    if highest and core <= tuple(int(part) for part in highest.groups()):
        print(root + '/plugins/strategy', end='')
`;

/** Nothing but the first use pays for the search. */
const found = new Map<string, Promise<string | undefined>>();

/** Mitogen where it is installed and fits, and nothing else was asked for. */
export async function chooseStrategy(wanted: Strategy['name'] | undefined, ansiblePlaybook: string): Promise<Strategy> {
  if (wanted === 'linear') return { name: 'linear' };
  const search = found.get(ansiblePlaybook) ?? findMitogen(ansiblePlaybook);
  found.set(ansiblePlaybook, search);
  const plugins = await search;
  if (plugins !== undefined) return { name: 'mitogen_linear', plugins };
  if (wanted === undefined) return { name: 'linear' };
  throw new ProofgridError({
    code: 'STRATEGY_UNAVAILABLE',
    fault: 'usage',
    what: 'the strategy mitogen_linear is not installed for this ansible, or too old for it',
    remedy: 'install ansible-mitogen, or use the strategy linear',
  });
}

async function findMitogen(ansiblePlaybook: string): Promise<string | undefined> {
  const interpreter = await interpreterOf(ansiblePlaybook);
  if (interpreter === undefined) return undefined;
  const { stdout, exitCode } = await execa(interpreter, ['-c', PROBE], { reject: false, timeout: 20_000 });
  return exitCode === 0 && path.isAbsolute(stdout) ? stdout : undefined;
}

/** The interpreter in the script's first line. */
async function interpreterOf(script: string): Promise<string | undefined> {
  const file = await open(script).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    const [, interpreter, argument] = /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(buffer.toString('utf8', 0, bytesRead)) ?? [];
    return interpreter !== undefined && path.basename(interpreter) === 'env' ? argument : interpreter;
  } finally {
    await file.close();
  }
}
