import { expect, test } from 'vitest';
import type { ClusterContext } from '../../../../../harness/suite/check.ts';
import { apiEndpointSurvives } from '../../../../../harness/suite/e2e/check/api-endpoint-survives.ts';

const controlPlane = { roles: ['control-plane'] };
const skip = (context: object) => apiEndpointSurvives.skip?.(context as ClusterContext);

test('it is skipped with the reason why machines cannot be switched off', () => {
  const hosts = [controlPlane, controlPlane];
  expect(skip({ hosts, powerMissing: 'they would come back as others' })).toBe('the provider cannot cut the power of a machine: they would come back as others');
  expect(skip({ hosts })).toBe('the provider cannot cut the power of a machine');
  expect(skip({ hosts, power: {} })).toBeUndefined();
  expect(skip({ hosts: [controlPlane], power: {} })).toBe('the cluster has one control plane');
});
