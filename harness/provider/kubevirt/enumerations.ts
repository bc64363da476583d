/**
 * Values that KubeVirt and CDI accept where their OpenAPI documents say no more than `string`: from the descriptions of
 * the same fields in https://kubevirt.io/api-reference/ and the constants that their admission webhooks compare with.
 */
export const ENUMERATIONS: Readonly<Record<string, readonly string[]>> = {
  'kubevirt/V1VirtualMachineSpec.runStrategy': ['Always', 'Halted', 'Manual', 'Once', 'RerunOnFailure', 'WaitAsReceiver'],
  'kubevirt/V1VirtualMachineSpec.updateVolumesStrategy': ['Migration', 'Replacement'],
  'kubevirt/V1VirtualMachineInstanceSpec.evictionStrategy': ['External', 'LiveMigrate', 'LiveMigrateIfPossible', 'None'],
  'kubevirt/V1VirtualMachineInstanceSpec.startStrategy': ['Paused'],
  'kubevirt/V1DomainSpec.ioThreadsPolicy': ['auto', 'shared', 'supplementalPool'],
  'kubevirt/V1CPUFeature.policy': ['disable', 'force', 'forbid', 'optional', 'require'],
  'kubevirt/V1Disk.cache': ['none', 'writeback', 'writethrough'],
  'kubevirt/V1Disk.io': ['native', 'threads'],
  'kubevirt/V1Disk.errorPolicy': ['enospace', 'ignore', 'report', 'stop'],
  'kubevirt/V1DiskTarget.bus': ['sata', 'scsi', 'usb', 'virtio'],
  'kubevirt/V1CDRomTarget.bus': ['sata', 'scsi', 'usb'],
  'kubevirt/V1LunTarget.bus': ['sata', 'scsi', 'virtio'],
  'kubevirt/V1Interface.model': ['e1000', 'e1000e', 'igb', 'ne2k_pci', 'pcnet', 'rtl8139', 'virtio'],
  'kubevirt/V1Interface.state': ['absent', 'down', 'up'],
  'containerized-data-importer/V1beta1DataVolumeSourceRegistry.pullMethod': ['node', 'pod'],
  'containerized-data-importer/V1beta1DataVolumeSourceRef.kind': ['DataSource'],
  'containerized-data-importer/V1beta1DataVolumeSpec.contentType': ['archive', 'kubevirt'],
  'kubernetes/IoK8sApiNetworkingV1NetworkPolicySpec.policyTypes': ['Egress', 'Ingress'],
  'kubernetes/IoK8sApiNetworkingV1NetworkPolicyPort.protocol': ['SCTP', 'TCP', 'UDP'],
  'kubernetes/IoK8sApiCoreV1LimitRangeItem.type': ['Container', 'PersistentVolumeClaim', 'Pod'],
  'kubernetes/IoK8sApiBatchV1CronJobSpec.concurrencyPolicy': ['Allow', 'Forbid', 'Replace'],
  'kubernetes/IoK8sApiCoreV1PodSpec.restartPolicy': ['Always', 'Never', 'OnFailure'],
  'kubernetes/IoK8sApiCoreV1Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
};
