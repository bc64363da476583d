import { expect, test } from 'vitest';
import { shapeProblems } from '../../../../harness/provider/kubevirt/shape.ts';

const machine = (spec: object) => ({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'm' }, spec: { template: { spec: { domain: { devices: {} }, ...spec } } } });

const problems = (object: unknown) => shapeProblems(object).map(({ path, code, what, remedy }) => `${path.join('.')} ${code} ${what}; ${remedy}`);

test('a machine with nothing but what must be there', () => {
  expect(problems(machine({}))).toEqual([]);
});

test.each([
  ['unknown field', machine({ hostnam: 'm' }), ['spec.template.spec.hostnam KUBEVIRT_UNKNOWN_FIELD unknown field "hostnam" in spec.template.spec; did you mean hostname?']],
  ['missing field', { ...machine({}), spec: {} }, ['spec KUBEVIRT_MISSING_FIELD "template" is missing in spec; add it']],
  ['enumeration of the OpenAPI document', machine({ dnsPolicy: 'Sometimes' }), ['spec.template.spec.dnsPolicy KUBEVIRT_UNKNOWN_VALUE spec.template.spec.dnsPolicy cannot be "Sometimes"; use one of ClusterFirst, ClusterFirstWithHostNet, Default, None']],
  ['enumeration of the descriptions', machine({ domain: { devices: { disks: [{ name: 'a', disk: { bus: 'ide' } }] } } }), ['spec.template.spec.domain.devices.disks.0.disk.bus KUBEVIRT_UNKNOWN_VALUE spec.template.spec.domain.devices.disks[0].disk.bus cannot be "ide"; use one of sata, scsi, usb, virtio']],
  ['number for a string', machine({ domain: { devices: {}, memory: { guest: 3 } } }), ['spec.template.spec.domain.memory.guest KUBEVIRT_WRONG_TYPE spec.template.spec.domain.memory.guest must be a string, not 3; correct it']],
  ['map for a list', machine({ volumes: {} }), ['spec.template.spec.volumes KUBEVIRT_WRONG_TYPE spec.template.spec.volumes must be a list, not {}; correct it']],
  ['value in a map', machine({ nodeSelector: { a: true } }), ['spec.template.spec.nodeSelector.a KUBEVIRT_WRONG_TYPE spec.template.spec.nodeSelector.a must be a string, not true; correct it']],
  ['nothing', machine({ networks: null }), ['spec.template.spec.networks KUBEVIRT_WRONG_TYPE spec.template.spec.networks is empty; give it a value, or leave the key out']],
  ['prototype', machine({ toString: 'x' }), [expect.stringContaining('KUBEVIRT_UNKNOWN_FIELD unknown field "toString"')]],
  ['kind', { apiVersion: 'kubevirt.io/v1alpha3', kind: 'VirtualMachine' }, [expect.stringContaining('kubevirt.io/v1alpha3 VirtualMachine is no kind that a cell is made of')]],
  ['no object', 'text', [expect.stringContaining('KUBEVIRT_UNKNOWN_KIND')]],
])('%s', (_, object, expected) => {
  expect(problems(object)).toEqual(expected);
});
