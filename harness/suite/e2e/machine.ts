import type { CommandResult, Host } from '../check.ts';
import { ProductFault } from './product-fault.ts';

/** Runs a command that must succeed. @throws ProductFault with the machine and standard error */
export async function must(host: Host, command: readonly string[], options?: { readonly input?: string; readonly limitMs?: number }): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(command, options);
  if (exitCode !== 0) throw new ProductFault(`${command[0]} succeeds on ${host.name}`, complaint({ exitCode, stdout, stderr }));
  return stdout;
}

/** The end of what a failed command said, on one line. */
export function complaint({ exitCode, stdout, stderr }: CommandResult): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join(' · ');
  return `exit code ${exitCode}: ${said.slice(-500)}`;
}
