import { expect, test } from 'vitest';
import { withSystemPrograms } from '../../../lifecycle/program-path.ts';

test.each([
  ['/usr/bin:/bin', '/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'],
  ['/sbin:/usr/sbin:/usr/local/sbin:/bin', '/sbin:/usr/sbin:/usr/local/sbin:/bin'],
  ['/home/me/bin::/bin', '/home/me/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'],
  [undefined, '/usr/local/sbin:/usr/sbin:/sbin'],
])('%s becomes %s', (known, expected) => {
  expect(withSystemPrograms(known)).toBe(expected);
});
