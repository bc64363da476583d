import { Command } from 'commander';
import type { Finding } from '../doctor/finding.ts';
import { thisHost } from '../doctor/host.ts';
import { HOST_CHECKS, inspectHost } from '../doctor/inspect.ts';
import { repair } from '../doctor/repair.ts';

/** DESIGN.md: an infrastructure error, safe to retry. */
const HOST_NOT_READY = 3;

const say = (message: string) => process.stdout.write(`${message}\n`);

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check whether this host can run machines, and with --fix make it so')
    .option('--fix', 'install missing packages and set kernel parameters (as root)')
    .addHelpText('after', `
Examples:
  $ proofgrid doctor          says what is missing, and the command that mends it
  $ proofgrid doctor --fix    mends it

Exit codes: 0 the host is ready · 3 it is not`)
    .action(async ({ fix = false }: { fix?: boolean }) => {
      process.exitCode = await doctor(fix);
    });
}

async function doctor(fix: boolean): Promise<number> {
  const started = performance.now();
  const host = thisHost();
  let findings = await inspectHost(host);
  if (fix && host.root && findings.some(({ repair: way }) => way !== undefined)) {
    const interruption = new AbortController();
    const stop = () => interruption.abort();
    process.once('SIGINT', stop).once('SIGTERM', stop);
    await repair(findings, say, interruption.signal);
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    findings = await inspectHost(host);
  }
  const errors = findings.filter(({ severity }) => severity === 'error');
  for (const finding of findings) say(describe(finding));
  if (errors.length === 0) {
    say(`ready: ${HOST_CHECKS.length} checks in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return 0;
  }
  say(`not ready: ${errors.length} of ${HOST_CHECKS.length} checks failed`);
  return HOST_NOT_READY;
}

function describe({ name, severity, problem, fix }: Finding): string {
  return `${severity === 'error' ? 'FAIL' : 'note'} ${name}: ${problem}\n     ${severity === 'error' ? 'fix: ' : ''}${fix}`;
}
