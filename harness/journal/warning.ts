const PREFIX = 'warning.';

/** Name of the property of a cell's warning. @param index from 0 */
export function warningProperty(index: number): string {
  return `${PREFIX}${index + 1}`;
}

/** What a cell's properties warn of: nothing failed because of it, and whoever runs the cluster should know. */
export function warningsOf(properties: Readonly<Record<string, string>>): string[] {
  return Object.entries(properties).flatMap(([name, value]) => (name.startsWith(PREFIX) ? [value] : []));
}
