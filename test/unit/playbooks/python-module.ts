import path from 'node:path';
import { execa } from 'execa';

/** Loads a file of the playbooks as `module`, and what standard input says as `given`; the program prints JSON. */
const LOADER = `import importlib.machinery, importlib.util, json, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("module", sys.argv[1])
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("module", loader))
loader.exec_module(module)
given = json.load(sys.stdin)
`;

export async function runPython(file: string, program: string, given: unknown): Promise<unknown> {
  const { stdout } = await execa('/usr/bin/python3', ['-c', LOADER + program, path.resolve('playbooks/plugins', file)], { input: JSON.stringify(given) });
  return JSON.parse(stdout);
}
