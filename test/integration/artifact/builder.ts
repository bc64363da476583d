import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Store } from '../../../harness/artifact/cache/store.ts';

// A process of its own that wants one entry. Arguments: cache directory, file that counts builds, file that ends the build.
const [cache = '', count = '', gate = ''] = process.argv.slice(2);

const entry = await new Store(cache).obtain(
  {
    kind: 'test', name: 'a slow thing', version: 1, inputs: 'slow', estimateMs: 1_000, limitMs: 250_000,
    async build(site) {
      await appendFile(count, `${process.pid}\n`);
      // A tree with a grandchild that has left its process group and session: the kind that survives.
      const build = 'setsid sh -c "sleep 7$1 & wait" & until [ -e "$2" ]; do sleep 0.05; done';
      await site.run(['sh', '-c', build, 'sh', String(process.pid), gate]);
      await writeFile(join(site.output, 'tool'), 'content');
      return {};
    },
  },
  { signal: new AbortController().signal, report: (message) => process.stdout.write(`${message}\n`) },
);
process.stdout.write(`${JSON.stringify(entry)}\n`);
