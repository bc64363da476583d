import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole cells last longest: what starts first is not waited for alone in the end. Groups stay in their order. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => groupOf(one) - groupOf(other) || rank(one) - rank(other));
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function rank({ moduleId }: TestSpecification): number {
  if (moduleId.includes('/test/system/sabotage/')) return 0;
  return moduleId.includes('/test/system/') ? 1 : 2;
}
