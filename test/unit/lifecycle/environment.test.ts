import { expect, test } from 'vitest';
import { ansibleEnvironment } from '../../../lifecycle/environment.ts';

const options = { playbooksDirectory: '/p', privateDirectory: '/tmp/x', strategy: { name: 'linear' } } as const;

test('passes on what ansible needs, and nothing else of the caller', () => {
  const environment = ansibleEnvironment({ PATH: '/bin', HOME: '/home/me', ANSIBLE_TAGS: 'x', CI_JOB_TOKEN: 'secret', LANG: 'de_DE' }, options);
  expect(environment).toMatchObject({ PATH: '/bin', HOME: '/tmp/x', PYTHONUSERBASE: '/home/me/.local', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' });
  expect(environment).not.toHaveProperty('ANSIBLE_TAGS');
  expect(JSON.stringify(environment)).not.toContain('secret');
});

test('does without a home', () => {
  expect(ansibleEnvironment({ PATH: '/bin' }, options)).not.toHaveProperty('PYTHONUSERBASE');
});

test('names a foreign strategy with its plugins', () => {
  const strategy = { name: 'mitogen_linear', plugins: '/m' } as const;
  expect(ansibleEnvironment({}, { ...options, strategy })).toMatchObject({ ANSIBLE_STRATEGY: 'mitogen_linear', ANSIBLE_STRATEGY_PLUGINS: '/m' });
  expect(ansibleEnvironment({}, options)).not.toHaveProperty('ANSIBLE_STRATEGY_PLUGINS');
});
