import path from 'node:path';

/** Where Debian has programs for administrators (ip, iptables); a user's PATH, or cron's, lacks them. */
const DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** A PATH with the directories of system programs, which come last where they were missing. */
export function withSystemPrograms(known = ''): string {
  const directories = known.split(path.delimiter).filter((directory) => directory !== '');
  return [...directories, ...DIRECTORIES.filter((directory) => !directories.includes(directory))].join(path.delimiter);
}
