import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import type { ImageSource } from '../../../harness/matrix/images.ts';

// A process of its own that wants one pulled image. Arguments: cache directory, the source as JSON.
const [cacheDirectory = '', source = ''] = process.argv.slice(2);

const request = { name: 'coredns' as const, version: '1.14.6', source: JSON.parse(source) as ImageSource };
const report = (message: string) => void process.stderr.write(`${message}\n`);
const image = await createArtifacts({ cacheDirectory }).addOnImage(request, {
  signal: new AbortController().signal,
  report,
});
process.stdout.write(JSON.stringify(image));
