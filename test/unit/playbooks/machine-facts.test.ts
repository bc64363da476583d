import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const MODULE = path.resolve('playbooks/plugins/modules/machine_facts.py');
const PROGRAM = `import importlib.machinery, importlib.util, json, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("machine_facts", sys.argv[1])
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("machine_facts", loader))
loader.exec_module(module)
roots = json.loads(sys.argv[2])
print(json.dumps(module.cgroup_facts(sys.stdin.read(), lambda point: point in roots)))`;

/** Lines of /proc/self/mountinfo: proc(5). */
const mounted = (...points: readonly (readonly [type: string, point: string])[]) =>
  points.map(([type, point], index) => `${30 + index} 25 0:${index} / ${point} rw,nosuid shared:${index} - ${type} ${type} rw`).join('\n');

async function cgroupFacts(mountinfo: string, roots: readonly string[]): Promise<unknown> {
  const { stdout } = await execa('/usr/bin/python3', ['-c', PROGRAM, MODULE, JSON.stringify(roots)], { input: `${mountinfo}\n` });
  return JSON.parse(stdout);
}

const V1 = [['tmpfs', '/sys/fs/cgroup'], ['cgroup', '/sys/fs/cgroup/cpu'], ['cgroup', '/sys/fs/cgroup/memory']] as const;
const points = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/memory'];

test('cgroup v2: one hierarchy at the root', async () => {
  expect(await cgroupFacts(mounted(['cgroup2', '/sys/fs/cgroup']), ['/sys/fs/cgroup'])).toEqual({ version: 2, mode: 'v2', shared: [], mounts: ['/sys/fs/cgroup'] });
});

test('cgroup v1 without any hierarchy of v2', async () => {
  expect(await cgroupFacts(mounted(...V1), points)).toEqual({ version: 1, mode: 'v1', shared: [], mounts: points });
});

test('hybrid counts as v1: the hierarchy of v2 beside it has no controllers', async () => {
  const unified = '/sys/fs/cgroup/unified';
  expect(await cgroupFacts(mounted(...V1, ['cgroup2', unified]), [...points, unified])).toEqual({ version: 1, mode: 'hybrid', shared: [], mounts: [...points, unified] });
});

test('a container that sees true roots beside confined ones shares those', async () => {
  expect(await cgroupFacts(mounted(...V1, ['cgroup2', '/sys/fs/cgroup/unified']), ['/sys/fs/cgroup/unified'])).toMatchObject({ version: 1, shared: ['/sys/fs/cgroup/unified'] });
});
