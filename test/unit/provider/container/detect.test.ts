import { expect, test } from 'vitest';
import { refuseWithoutRoot } from '../../../../harness/provider/container/detect.ts';

test('only root can have machines in containers', () => {
  expect(() => refuseWithoutRoot(1000)).toThrow('machines in containers can be had by root only, and this is user 1000; run this as root, or with --provider kubevirt [ENGINE_NEEDS_ROOT]');
  expect(() => refuseWithoutRoot(0)).not.toThrow();
});
