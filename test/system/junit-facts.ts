import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { casesIn, junitShape } from '../unit/report/junit-shape.ts';

/** Properties that say where machines came from: those of the container provider and its images, then those of KubeVirt's. No others differ. */
const OF_THE_PROVIDER = /^(image\.(digest|package\..+)|machines\.(engine|engine-version|image-digest|kernel|cap-sys-resource|ulimit-[a-z]+|site|image|network|kubernetes-version|access-.+))$/;

/** A run's JUnit without what differs from run to run: times and dates, the run's and the provider's name. One line a fact. */
export async function junitFacts(directory: string): Promise<string[]> {
  const root = junitShape(await readFile(path.join(directory, 'junit.xml'), 'utf8'));
  return root.children.flatMap((suite) => {
    const { name = '', tests, failures, errors, skipped } = suite.attributes;
    const properties = suite.children.filter((child) => child.name === 'properties').flatMap((child) => child.children);
    const known = properties.filter(({ attributes }) => !OF_THE_PROVIDER.test(attributes['name'] ?? ''));
    return [
      `suite ${name}: ${tests} tests, ${failures} failures, ${errors} errors, ${skipped} skipped`,
      ...known.map(({ attributes }) => `property ${name} ${attributes['name']} = ${valueOf(attributes)}`),
      ...casesIn(suite).map((each) => {
        const { name: title, classname, file = '' } = each.attributes;
        const verdicts = each.children.map((child) => `${child.name} ${child.attributes['message'] ?? ''} ${child.text}`);
        return `case ${name} ${classname} ${title} ${file}: ${verdicts.join(' ') || 'passed'}`;
      }),
    ];
  });
}

/** The run's own name and its provider's are names; everything else must be equal to the letter. */
function valueOf({ name = '', value = '' }: Readonly<Record<string, string>>): string {
  return ['run', 'provider'].includes(name) ? '(a name)' : value;
}
