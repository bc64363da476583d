import path from 'node:path';
import { packageRoot } from './root.ts';
import type { Strategy } from './strategy.ts';

/**
 * What ansible may see of the caller's environment. All else stays out: `ANSIBLE_*` would change what is run, and a
 * pipeline's variables hold secrets that no task needs.
 */
const PASSED_ON = [
  'PATH', 'TZ', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'VIRTUAL_ENV',
  'http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY',
];

export interface EnvironmentOptions {
  readonly playbooksDirectory: string;
  /** Holds everything temporary of one run; goes with it. Short: sockets live in it, and their paths hold 107 bytes. */
  readonly privateDirectory: string;
  readonly strategy: Strategy;
}

/** The whole environment of ansible-playbook. */
export function ansibleEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  { playbooksDirectory, privateDirectory, strategy }: EnvironmentOptions,
): Record<string, string> {
  const passedOn = PASSED_ON.flatMap((name) => (caller[name] === undefined ? [] : [[name, caller[name]] as const]));
  const home = caller.HOME;
  return {
    ...Object.fromEntries(passedOn),
    // An ansible from `pip install --user` is found from HOME, which is about to change.
    ...(home !== undefined && { PYTHONUSERBASE: caller.PYTHONUSERBASE ?? path.join(home, '.local') }),
    HOME: privateDirectory,
    TMPDIR: privateDirectory,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    ANSIBLE_CONFIG: path.join(playbooksDirectory, 'ansible.cfg'),
    ANSIBLE_HOME: path.join(privateDirectory, 'ansible'),
    ANSIBLE_LOCAL_TEMP: path.join(privateDirectory, 'tmp'),
    ANSIBLE_SSH_CONTROL_PATH_DIR: path.join(privateDirectory, 'cp'),
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_STDOUT_CALLBACK: 'default',
    ANSIBLE_CALLBACK_PLUGINS: path.join(packageRoot, 'playbooks', 'plugins', 'callback'),
    ANSIBLE_CALLBACKS_ENABLED: 'lifecycle_events',
    ANSIBLE_STRATEGY: strategy.name,
    ...(strategy.plugins !== undefined && { ANSIBLE_STRATEGY_PLUGINS: strategy.plugins }),
    LIFECYCLE_EVENTS_FD: '3',
  };
}
